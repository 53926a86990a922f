// src/index.ts
import { type ErrorCode, type Options } from "@spigot/widget";
import { type PropType } from "vue";
export declare const SpigotChallenge: import("vue").DefineComponent<import("vue").ExtractPropTypes<{
    siteKey: {
        type: StringConstructor;
        required: true;
    };
    /** The folder of the service's files, `https://…/.spigot/widget/`; the page's own site without. */
    base: StringConstructor;
    /** Further options, by the names of the element's attributes. A change of them makes the widget anew. */
    options: {
        type: PropType<Omit<Partial<Options>, "site-key" | "base">>;
        default: () => {};
    };
    /** The token, for v-model; empty while there is none. */
    modelValue: StringConstructor;
}>, () => import("vue").VNode<import("vue").RendererNode, import("vue").RendererElement, {
    [key: string]: any;
}>, {}, {}, {}, import("vue").ComponentOptionsMixin, import("vue").ComponentOptionsMixin, {
    "update:modelValue": (_token: string) => true;
    token: (_token: string) => true;
    error: (_code: ErrorCode, _decision?: string) => true;
    expired: () => true;
}, string, import("vue").PublicProps, Readonly<import("vue").ExtractPropTypes<{
    siteKey: {
        type: StringConstructor;
        required: true;
    };
    /** The folder of the service's files, `https://…/.spigot/widget/`; the page's own site without. */
    base: StringConstructor;
    /** Further options, by the names of the element's attributes. A change of them makes the widget anew. */
    options: {
        type: PropType<Omit<Partial<Options>, "site-key" | "base">>;
        default: () => {};
    };
    /** The token, for v-model; empty while there is none. */
    modelValue: StringConstructor;
}>> & Readonly<{
    "onUpdate:modelValue"?: (_token: string) => any;
    onToken?: (_token: string) => any;
    onError?: (_code: ErrorCode, _decision?: string) => any;
    onExpired?: () => any;
}>, {
    options: Omit<Partial<Options>, "site-key" | "base">;
}, {}, {}, {}, string, import("vue").ComponentProvideOptions, true, {}, any>;
