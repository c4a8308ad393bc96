/* Everything `muster` can do, one row each; help and the command line are read from here. */
#include "clients/cli/verbs.h"

const struct verb VERBS[] = {
    {"import", NULL, "FILE", "Register the devices of a CSV file; - reads standard input", IMPORT_OPTIONS, import_run},

    {"device", "put", "ID", "Register a device, or change it", DEVICE_PUT_OPTIONS, device_put},
    {"device", "list", "", "List devices", DEVICE_LIST_OPTIONS, device_list},
    {"device", "show", "ID", "Show a device with its property values", NULL, device_show},
    {"device", "remove", "ID", "Remove a device; what jobs did on it stays known", NULL, device_remove},

    {"template", "put", "ID", "Save a device template", TEMPLATE_PUT_OPTIONS, template_put},
    {"template", "list", "", "List device templates", TEMPLATE_LIST_OPTIONS, template_list},
    {"template", "show", "ID", "Show a device template", NULL, template_show},
    {"template", "remove", "ID", "Remove a device template", NULL, template_remove},

    {"group", "put", "ID", "Save a device group: the devices a filter finds", GROUP_PUT_OPTIONS, group_put},
    {"group", "list", "", "List device groups", GROUP_LIST_OPTIONS, group_list},
    {"group", "show", "ID", "Show a device group", NULL, group_show},
    {"group", "remove", "ID", "Remove a device group; its devices stay", NULL, group_remove},

    {"job", "run", "", "Run a job on every device of a group", JOB_RUN_OPTIONS, job_run},
    {"job", "stop", "ID", "Stop a job: nothing more is sent to devices until it is resumed", NULL, job_stop},
    {"job", "resume", "ID", "Resume a stopped job where it was", NULL, job_resume},
    {"job", "cancel", "ID", "Cancel a job for good", NULL, job_cancel},
    {"job", "list", "", "List jobs, newest first", JOB_LIST_OPTIONS, job_list},
    {"job", "show", "ID", "Show how a job stands", NULL, job_show},
    {"job", "devices", "ID", "List a job's devices and how each ended", JOB_DEVICES_OPTIONS, job_devices},
    {"job", "attempts", "ID DEVICE", "List every attempt at a device of a job, newest first", JOB_ATTEMPTS_OPTIONS,
     job_attempts},
    {"job", "results", "ID", "Write a job's results log as CSV", JOB_RESULTS_OPTIONS, job_results},

    {"events", NULL, "", "Show events of the log", EVENTS_OPTIONS, events_show},
    {"info", NULL, "", "Show how the engine is", NULL, info_show},
    {.noun = NULL},
};
