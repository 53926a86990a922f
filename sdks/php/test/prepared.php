<?php

// What the driver and the applications share: the package's classes, and a client as the environment says.

declare(strict_types=1);

use Spigot\Spigot;

spl_autoload_register(function (string $class): void {
    $file = __DIR__ . '/../src/' . substr($class, 7) . '.php';
    if (str_starts_with($class, 'Spigot\\') && is_file($file)) {
        require $file;
    }
});

function from_environment(): Spigot
{
    return new Spigot(
        getenv('SPIGOT_BASE'),
        getenv('SPIGOT_SECRET'),
        (int) getenv('SPIGOT_TIMEOUT_MILLIS') / 1000,
        getenv('SPIGOT_FAIL_OPEN') !== '',
    );
}

/** What an application tells of what it was given; `$routed` is the path that its router goes by. */
function told(string $method, string $target, array $fields, string $body, string $routed): string
{
    $headers = [];
    foreach ($fields as $name => $values) {
        $headers[] = [strtolower((string) $name), implode(', ', $values)];
    }
    $told = ['method' => $method, 'path' => $target, 'routed' => $routed, 'headers' => $headers, 'body' => $body];
    return json_encode($told, JSON_THROW_ON_ERROR);
}
