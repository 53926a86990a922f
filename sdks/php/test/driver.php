<?php

// The driver that the shared checks talk to: calls of a line each, or an application behind the middleware.

declare(strict_types=1);

use Spigot\Decision;
use Spigot\Request;
use Spigot\Spigot;
use Spigot\SpigotError;

require __DIR__ . '/prepared.php';

function request(array $told): Request
{
    return new Request(...$told);
}

function decided(Decision $decision): array
{
    return [
        'id' => $decision->id, 'action' => $decision->action, 'effective' => $decision->effective, 'risk' => $decision->risk,
        'reasons' => array_column($decision->reasons, 'name'), 'passes' => $decision->passes, 'checked' => $decision->checked,
        'request_headers' => $decision->requestHeaders, 'response' => $decision->response,
    ];
}

function failed(SpigotError $error): array
{
    return ['error' => [
        'kind' => $error->kind->value, 'code' => $error->word, 'retry_after_seconds' => $error->retryAfterSeconds,
        'text' => (string) $error,
    ]];
}

function call(Spigot $spigot, array $asked): array
{
    switch ($asked['call']) {
        case 'verify':
            $found = $spigot->verify($asked['token'], $asked['address'] ?? null, $asked['action'] ?? null, $asked['hostname'] ?? null);
            return [
                'success' => $found->success, 'checked' => $found->checked, 'codes' => $found->codes, 'hostname' => $found->hostname,
                'action' => $found->action, 'data' => $found->data, 'solved_at' => $found->solvedAt,
            ];
        case 'outcome':
            return ['counted' => $spigot->outcome($asked['decision'], $asked['success'])];
        case 'decide':
            return decided($spigot->decide(request($asked['request'])));
        default:
            $each = fn (Decision|SpigotError $one): array => $one instanceof SpigotError ? failed($one) : decided($one);
            return array_map($each, $spigot->decideAll(array_map(request(...), $asked['requests'])));
    }
}

function lines(): void
{
    while (($line = fgets(STDIN)) !== false) {
        $asked = json_decode($line, true);
        $spigot = new Spigot($asked['base'], $asked['secret'], $asked['timeout_millis'] / 1000, $asked['fail_open']);
        try {
            $answer = ['result' => call($spigot, $asked)];
        } catch (SpigotError $error) {
            $answer = failed($error);
        }
        echo json_encode($answer, JSON_THROW_ON_ERROR), "\n";
    }
}

/** PHP's own server with an application of this folder, on a port that is free now. */
function serve(string $application): void
{
    for ($try = 0; $try < 5; $try++) {
        $probe = stream_socket_server('tcp://127.0.0.1:0');
        $port = (int) substr(strrchr(stream_socket_get_name($probe, false), ':'), 1);
        fclose($probe);
        $command = [PHP_BINARY, '-S', "127.0.0.1:$port", __DIR__ . "/$application.php"];
        $server = proc_open($command, [['file', '/dev/null', 'r'], STDERR, ['file', '/dev/null', 'w']], $pipes);
        $end = microtime(true) + 20;
        while (microtime(true) < $end && proc_get_status($server)['running']) {
            if ($up = @fsockopen('127.0.0.1', $port, $code, $why, 1)) {
                fclose($up);
                echo json_encode(['port' => $port]), "\n";
                stream_get_contents(STDIN);
                proc_terminate($server);
                return;
            }
            usleep(20_000);
        }
        proc_terminate($server);
    }
    exit(1);
}

match ($argv[1]) {
    'lines' => lines(),
    'serve' => serve('application'),
    'serve-laravel' => serve('laravel'),
};
