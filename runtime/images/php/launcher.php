<?php
/**
 * Runs a PHP action as the child of Hearth's proxy.
 *
 * The first line on stdin says what to load: {"folder", "main", "env"}. The
 * folder holds an unpacked archive with index.php, or the source text as the
 * file "exec". The next lines are requests in JSON; answers are lines of JSON
 * on file descriptor 3.
 */

namespace Hearth;

const FLAGS = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR;

/** Includes the action, without variables of ours around it. */
function load(string $folder): void
{
    chdir($folder);
    $file = scandir($folder) === ['.', '..', 'exec'] ? 'exec' : 'index.php';
    if (!is_file($file)) {
        throw new \RuntimeException('Zip file does not include index.php at the top level.');
    }
    if (is_file('vendor/autoload.php')) {
        require_once "$folder/vendor/autoload.php";
    }
    require_once "$folder/$file";
}

/** Answers one request with JSON. */
function run(string $main, string $line): string
{
    try {
        $request = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        foreach ($request as $key => $text) {
            if ($key !== 'value') {
                putenv('__OW_' . strtoupper($key) . '=' . $text);
                $_ENV['__OW_' . strtoupper($key)] = $text;
            }
        }
        $result = $main($request['value'] ?? []);
        // PHP has one empty array, and results are objects more often.
        return json_encode($result === [] ? new \stdClass() : $result, FLAGS);
    } catch (\Throwable $e) {
        fwrite(STDERR, $e . "\n");
        return json_encode(['error' => $e->getMessage()], FLAGS | JSON_INVALID_UTF8_SUBSTITUTE);
    }
}

(function (): void {
    $answers = fopen('php://fd/3', 'w');
    $send = function (string $line) use ($answers): void {
        for ($line .= "\n"; $line !== ''; $line = substr($line, $n)) {
            $n = fwrite($answers, $line);
        }
    };
    $hello = fgets(STDIN);
    if ($hello === false) {
        return;
    }
    $hello = json_decode($hello, true);
    foreach ($hello['env'] as $name => $value) {
        putenv("$name=$value");
        $_ENV[$name] = $value;
    }
    try {
        load($hello['folder']);
        if (!is_callable($hello['main'])) {
            throw new \RuntimeException("Action entrypoint '{$hello['main']}' is not a function.");
        }
    } catch (\Throwable $e) {
        fwrite(STDERR, $e . "\n");
        $send(json_encode(['ok' => false, 'error' => 'Initialization has failed due to: ' . $e->getMessage()]));
        exit(1);
    }
    $send('{"ok":true}');
    while (($line = fgets(STDIN)) !== false) {
        $send(run($hello['main'], $line));
    }
})();
