/* Device templates: what a backend says its devices can do. */
#include "projections/templates.h"

#include "projections/named.h"

enum { ID, DISPLAY_NAME, CAPABILITIES, TEXTS };

static const struct named TEMPLATES = {"template", FOLD_TABLE(templates, 0), FOLD_TABLE(templates, 1), TEXTS};

/* Templates care for two events of the catalogue. */
static enum fold_result apply(struct view *v, const struct event *e, struct sentence *why)
{
    switch (e->type) {
    case EVENT_TEMPLATE_SAVED: {
        const struct bytes texts[TEXTS] = {e->template_saved.id, e->template_saved.display_name,
                                           e->template_saved.capabilities};
        return named_save(v, &TEMPLATES, e->template_saved.number, texts, why);
    }
    case EVENT_TEMPLATE_REMOVED: return named_remove(v, &TEMPLATES, e->template_removed.number, why);
    default: return FOLD_OK;
    }
}

const struct fold fold_templates = {
    .name = "templates",
    .tables = {"templates", "template_ids"},
    .apply = apply,
};

static struct template template_of(uint32_t number, const struct bytes texts[TEXTS], bool removed)
{
    return (struct template){.number = number,
                             .id = texts[ID],
                             .display_name = texts[DISPLAY_NAME],
                             .capabilities = texts[CAPABILITIES],
                             .removed = removed};
}

uint32_t templates_find(struct view *v, struct bytes id)
{
    return named_find(v, &TEMPLATES, id);
}

bool templates_get(struct view *v, uint32_t number, struct template *template)
{
    struct bytes texts[TEXTS];
    bool removed;
    if (!named_get(v, &TEMPLATES, number, texts, &removed)) return false;
    *template = template_of(number, texts, removed);
    return true;
}

uint32_t templates_next_number(struct view *v)
{
    return named_next_number(v, &TEMPLATES);
}

bool templates_next(struct view *v, uint32_t from, struct template *template)
{
    struct bytes texts[TEXTS];
    uint32_t number = named_next(v, &TEMPLATES, from, texts);
    if (number) *template = template_of(number, texts, false);
    return number != 0;
}
