<?php

declare(strict_types=1);

namespace Spigot;

/** What kept a question from an answer. */
enum Kind: string
{
    /** No connection, or one that broke. */
    case Unreachable = 'unreachable';
    /** No whole answer within the deadline. */
    case TimedOut = 'timed_out';
    /** An answer that no Spigot gives. */
    case Unreadable = 'unreadable';
    /** The service says that it cannot answer now. */
    case Unavailable = 'unavailable';
    /** The service does not take the question; failOpen does not change it. */
    case Refused = 'refused';
}
