/** What the tests of every official SDK ask for. */

const COMMAND = "printf hello-%d-from-tool 42";

/** Makes the simulator call a shell tool. */
export const PROMPT = `Run the shell command \`${COMMAND}\` and tell me its output.`;

/** The form of a structured answer. */
export const CITY = {
  type: "object",
  properties: { city: { type: "string" }, n: { type: "integer" } },
  required: ["city", "n"],
  additionalProperties: false,
};
