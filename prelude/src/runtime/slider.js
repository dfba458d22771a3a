function render({ model, el }) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const output = document.createElement("output");
  const [low, high] = [model.get("low"), model.get("high")];
  Object.assign(input, { type: "range", min: low, max: high, step: (high - low) / 200 || "any" });
  input.style.width = "20em";
  input.style.margin = "0 0.6em";
  const draw = () => {
    input.value = model.get("value");
    output.textContent = Number(model.get("value")).toPrecision(4);
  };
  input.addEventListener("input", () => {
    model.set("value", Number(input.value));
    model.save_changes();
  });
  model.on("change:value", draw);
  draw();
  label.append(model.get("label"), input, output);
  label.style.color = "var(--jp-ui-font-color1, currentColor)";
  el.append(label);
}
export default { render };
