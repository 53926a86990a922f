// The widget as a Vue component: a place for it, its token by v-model, its calls by a template ref.

import { install, type ErrorCode, type Options } from "@spigot/widget";
import { defineComponent, h, onBeforeUnmount, onMounted, ref, watch, type PropType } from "vue";

export const SpigotChallenge = defineComponent({
  name: "SpigotChallenge",
  props: {
    siteKey: { type: String, required: true },
    /** The folder of the service's files, `https://…/.spigot/widget/`; the page's own site without. */
    base: String,
    /** Further options, by the names of the element's attributes. A change of them makes the widget anew. */
    options: { type: Object as PropType<Omit<Partial<Options>, "site-key" | "base">>, default: () => ({}) },
    /** The token, for v-model; empty while there is none. */
    modelValue: String,
  },
  emits: {
    "update:modelValue": (_token: string) => true,
    token: (_token: string) => true,
    error: (_code: ErrorCode, _decision?: string) => true,
    expired: () => true,
  },
  setup(props, { emit, expose }) {
    const place = ref<HTMLElement>();
    let id: string | undefined;

    function begin(): void {
      id = install().render(place.value!, {
        ...props.options,
        "site-key": props.siteKey,
        ...(props.base === undefined ? {} : { base: props.base }),
        callback(token) {
          emit("update:modelValue", token);
          emit("token", token);
        },
        "error-callback": (code, decision) => emit("error", code, decision),
        "expired-callback"() {
          emit("update:modelValue", "");
          emit("expired");
        },
      });
    }

    function end(): void {
      if (id !== undefined) install().remove(id);
      id = undefined;
    }

    onMounted(begin);
    onBeforeUnmount(end);
    watch(
      () => JSON.stringify([props.siteKey, props.base, props.options]),
      () => {
        end();
        emit("update:modelValue", "");
        begin();
      },
    );
    expose({
      execute: () => install().execute(id),
      reset: () => install().reset(id),
      getResponse: () => install().getResponse(id),
      isExpired: () => install().isExpired(id),
    });
    return () => h("div", { ref: place });
  },
});
