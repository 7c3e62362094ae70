<?php

function main(array $params): mixed
{
    switch ($params['do']) {
        case 'echo':
            return $params;
        case 'array':
            return [1, 'two', ['three' => 3]];
        case 'env':
            return getenv();
        case 'error':
            return ['error' => 'no'];
        case 'scalar':
            return 5;
        case 'log':
            echo "to stdout ü\n";
            fwrite(STDERR, "to stderr ü\n");
            break;
        case 'burst':
            for ($n = 0; $n < 1000; $n++) {
                echo "line $n ", str_repeat('x', 200), "\n";
            }
            break;
        case 'throw':
            throw new Exception('thrown');
        case 'exit':
            echo 'last words';
            exit;
    }
    return [];
}
