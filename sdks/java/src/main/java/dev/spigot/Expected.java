package dev.spigot;

/**
 * What a token has to be of; null expects nothing.
 *
 * @param address the visitor's, where the application knows it
 * @param action what the widget of that form was given
 * @param hostname the page's host
 */
public record Expected(String address, String action, String hostname) {
    /** Anything. */
    public static final Expected ANYTHING = new Expected(null, null, null);
}
