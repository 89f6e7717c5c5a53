// One button that opens or closes the working of every line. The page is whole without it.
const holder = document.querySelector("[data-toggle-lines]");
const lines = document.querySelectorAll(".charges details");

if (holder && lines.length > 0) {
  const button = document.createElement("button");
  button.type = "button";
  const allOpen = () => [...lines].every((line) => line.open);
  const name = () => {
    button.textContent = allOpen() ? "Close every line" : "Open every line";
  };
  button.addEventListener("click", () => {
    const open = !allOpen();
    lines.forEach((line) => {
      line.open = open;
    });
    name();
  });
  lines.forEach((line) => line.addEventListener("toggle", name));
  name();
  holder.append(button);
}
