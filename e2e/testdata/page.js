function main (args) {
  return {
    statusCode: 201,
    headers: { 'Content-Type': 'text/html', 'X-Method': args.__ow_method },
    body: `<h1>${args.name} ${args.__ow_path}</h1>`
  }
}
