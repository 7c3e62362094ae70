// Shows where what an action prints goes: to the logs of its activation.
function main({ payload = 'World' }) {
  console.log(`hello ${payload}!`);
  return {};
}
