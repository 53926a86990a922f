<?php

declare(strict_types=1);

namespace Spigot;

/** Reads members of decoded JSON, where anything may be something else. @internal */
final class Answer
{
    /** The answer as an object's members, or null. */
    public static function object(string $json): ?array
    {
        // As an object first: in arrays, a list and an object look alike.
        $read = json_decode($json, false, 64);
        return $read instanceof \stdClass ? json_decode($json, true, 64) : null;
    }

    public static function text(array $members, string $name): string
    {
        return is_string($members[$name] ?? null) ? $members[$name] : '';
    }

    /** @return list<array{string, string}> */
    public static function pairs(mixed $told): array
    {
        $isPair = fn (mixed $pair): bool => is_array($pair) && count($pair) === 2
            && is_string($pair[0] ?? null) && is_string($pair[1] ?? null);
        return is_array($told) ? array_values(array_filter($told, $isPair)) : [];
    }
}
