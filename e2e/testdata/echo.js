function main (args) { console.log(JSON.stringify(args)); return args }
