function main(params) {
  switch (params.do) {
    case 'echo': return params;
    case 'array': return [1, 'two', { three: 3 }];
    case 'env': return { ...process.env };
    case 'error': return { error: 'no' };
    case 'scalar': return 5;
    case 'log':
      console.log('to stdout ü');
      console.error('to stderr ü');
      return {};
    case 'burst':
      for (let n = 0; n < 1000; n++) console.log(`line ${n} ${'x'.repeat(200)}`);
      return {};
    case 'throw': throw new Error('thrown');
    case 'exit':
      process.stdout.write('last words');
      process.exit(0);
  }
}
