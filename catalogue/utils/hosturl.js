// Returns the address of the caller's web actions: of all, of those of a
// package, or of one.
function main(args) {
  let url = `${process.env.__OW_API_HOST}/api/v1/web/${process.env.__OW_NAMESPACE}`;
  if (args.package || args.action) {
    url += `/${args.package || 'default'}`;
  }
  if (args.action) {
    url += `/${args.action}${args.ext || ''}`;
  }
  return { url };
}
