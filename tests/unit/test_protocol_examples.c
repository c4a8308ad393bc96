/* The examples of docs/protocol.md: its frames in hexadecimal are the JSON below them, and its session, played from the
 * first call to the last, gets the answers that the page shows. */
#include <ctype.h>

#include "tests/unit/stage.h"

#include "tests/unit/page.h"

enum { CALLER = 1, SUBSCRIBER = 2, HEX_DIGITS_MIN = 32, BASE64_MIN = 44 };

/* ---- Text that two runs of the same session have in common. */

static bool is_hex(char c)
{
    return isdigit((unsigned char)c) || (c >= 'a' && c <= 'f');
}

/* "2026-11-23T02:10:00.123456Z" is shaped so. */
static bool is_time(const char *text)
{
    static const char SHAPE[] = "0000-00-00T00:00:00.000000Z";
    for (size_t i = 0; i < sizeof SHAPE - 1; i++) {
        if (SHAPE[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != SHAPE[i]) return false;
    }
    return true;
}

static size_t count_hex(const char *text)
{
    size_t count = 0;
    while (is_hex(text[count])) count++;
    return count;
}

/* Keys and signatures in base 64, with the log's id before them. */
static size_t count_base64(const char *text)
{
    size_t count = 0;
    while (isalnum((unsigned char)text[count]) || (text[count] && strchr("+/=", text[count]))) count++;
    return count;
}

/* Numbers that depend on the machine and on the moment. */
static size_t measured_key(const char *text)
{
    static const char *const KEYS[] = {"\"uptime\":", "\"used\":", "\"log\":", "\"percentFull\":"};
    for (size_t i = 0; i < COUNT_OF(KEYS); i++) {
        if (strncmp(text, KEYS[i], strlen(KEYS[i])) == 0) return strlen(KEYS[i]);
    }
    return 0;
}

/* All of it but its end is measured: the page shows how it begins. */
static size_t metrics_text(const char *text)
{
    static const char KEY[] = "\"metrics\":\"";
    if (strncmp(text, KEY, sizeof KEY - 1) != 0) return 0;
    size_t size = sizeof KEY - 1;
    while (text[size] && text[size] != '"') size += text[size] == '\\' ? 2 : 1;
    return size + 1;
}

static void write_without_blanks(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text != ' ' && *text != '\n') fputc(*text, out);
    }
}

/* Without blanks; times, ids made at random and measures as one sign each. To be freed. */
static char *common_text(const char *given)
{
    char *dense, *common;
    size_t size;
    FILE *out = open_memstream(&dense, &size);
    write_without_blanks(out, given);
    fclose(out);
    out = open_memstream(&common, &size);
    for (const char *text = dense; *text;) {
        size_t metrics = metrics_text(text), key = measured_key(text), hex = count_hex(text), base64 = count_base64(text);
        if (metrics) {
            fputs("METRICS", out);
            text += metrics;
        } else if (is_time(text)) {
            fputs("TIME", out);
            text += strlen("2026-11-23T02:10:00.123456Z");
        } else if (hex >= HEX_DIGITS_MIN) {
            fputs("HEX", out);
            text += hex;
        } else if (base64 >= BASE64_MIN) {
            fputs("BASE64", out);
            text += base64;
        } else if (key) {
            fprintf(out, "%.*sNUMBER", (int)key, text);
            text += key + strspn(text + key, "0123456789");
        } else {
            fputc(*text++, out);
        }
    }
    fclose(out);
    free(dense);
    return common;
}

/* ---- What the engine said, written as the page writes it. */

/* The stage shows bytes as hexadecimal digits, the page as the text they are. */
static void write_data_as_text(FILE *out, const char *hex, size_t size)
{
    static const char BYTE_ORDER_MARK[] = "efbbbf";
    for (size_t i = 0; i + 1 < size; i += 2) {
        unsigned byte;
        if (strncmp(hex + i, BYTE_ORDER_MARK, sizeof BYTE_ORDER_MARK - 1) == 0) {
            fputs("\\ufeff", out);
            i += sizeof BYTE_ORDER_MARK - 3;
            continue;
        }
        assert_int_equal(sscanf(hex + i, "%2x", &byte), 1);
        if (byte == '\r' || byte == '\n') fprintf(out, "\\%c", byte == '\r' ? 'r' : 'n');
        else if (byte == '"' || byte == '\\') fprintf(out, "\\%c", (int)byte);
        else fputc((int)byte, out);
    }
}

static void write_with_data_as_text(FILE *out, const char *line)
{
    static const char KEY[] = "\"data\":\"";
    const char *data = strstr(line, KEY);
    if (!data) {
        fputs(line, out);
        return;
    }
    const char *hex = data + strlen(KEY);
    fprintf(out, "%.*s", (int)(hex - line), line);
    write_data_as_text(out, hex, count_hex(hex));
    fputs(hex + count_hex(hex), out);
}

/* [1,7,null,RESULT], [1,7,ERROR,null] or [2,"NAME",PARAMS] */
static void write_frame(FILE *out, char *line)
{
    static const char NO_RESULT[] = ",null]";
    size_t size = strlen(line);
    bool is_answer = strncmp(line, "[1,", 3) == 0;
    const char *rest = strchr(line + 3, ',') + 1;
    line[size - 1] = '\0';
    if (!is_answer) {
        fprintf(out, "*%.*s", (int)(rest - 2 - (line + 4)), line + 4);
        fprintf(out, "%s\n", rest);
    } else if (strncmp(rest, "null,", 5) == 0) {
        fputc('<', out);
        write_with_data_as_text(out, rest + 5);
        fputc('\n', out);
    } else {
        fprintf(out, "<!%.*s\n", (int)(size - strlen(NO_RESULT) - (size_t)(rest - line)), rest);
    }
}

static char *said(struct stage *s, uint64_t id)
{
    char *text, *copy = strdup(stage_answers(s, id));
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) write_frame(out, line);
    fclose(out);
    free(copy);
    return text;
}

/* ---- The page. */

/* An example: a call, and what is shown to come back. */
struct example {
    char *call, *shown;
};

static void append_line(FILE *out, struct bytes line)
{
    fprintf(out, "%.*s", BYTES_ARG(line));
}

/* A line of six blanks goes on with the one before it. False at the end of the page. */
static bool next_example(const char **at, struct example *example)
{
    struct bytes line;
    size_t size;
    do {
        if (!page_line(at, &line)) return false;
    } while (!line_begins(line, "    > "));
    FILE *call = open_memstream(&example->call, &size);
    FILE *shown = open_memstream(&example->shown, &size);
    FILE *out = call;
    append_line(call, (struct bytes){(const char *)line.data + 6, line.size - 6});
    while (strncmp(*at, "    ", 4) == 0 && strncmp(*at, "    > ", 6) != 0 && page_line(at, &line)) {
        if (!line_begins(line, "      ")) out = shown;
        append_line(out, (struct bytes){(const char *)line.data + 4, line.size - 4});
    }
    fclose(call);
    fclose(shown);
    return true;
}

static void play(struct stage *s, const struct example *example)
{
    char method[64];
    size_t size = strcspn(example->call, " ");
    assert_true(size < sizeof method);
    snprintf(method, sizeof method, "%.*s", (int)size, example->call);
    /* What comes to a subscriber must not come between the answers of the others. */
    uint64_t id = strcmp(method, "events.subscribe") == 0 ? SUBSCRIBER : CALLER;
    stage_pass(s, SECOND / 2);
    stage_call(s, id, method, "%s", example->call + size);
    char *got = said(s, id), *got_common = common_text(got), *shown_common = common_text(example->shown);
    if (strcmp(got_common, shown_common) != 0)
        fail_msg("%s\n the page shows  %s\n the engine says %s", example->call, example->shown, got);
    free(got);
    free(got_common);
    free(shown_common);
}

static void the_session_gets_the_answers_that_the_page_shows(void **state)
{
    struct stage s;
    struct example example;
    size_t count = 0;
    char *page = page_read("protocol.md");
    (void)state;
    stage_open(&s);
    stage_join(&s, SUBSCRIBER, false);
    for (const char *at = page_section(page, "# Methods"); next_example(&at, &example); count++) {
        play(&s, &example);
        free(example.call);
        free(example.shown);
    }
    assert_true(count > 31);
    stage_close(&s);
    free(page);
}

static void every_method_has_an_example(void **state)
{
    char *page = page_read("protocol.md");
    (void)state;
    for (enum command_type type = COMMAND_NONE + 1; type < COMMAND_COUNT; type++) {
        char call[64];
        snprintf(call, sizeof call, "\n    > %s {", (const char *)wire_method_name(type).data);
        if (!strstr(page, call)) fail_msg("%s has no example", call + 7);
    }
    free(page);
}

/* ---- Frames. */

static void append_bytes(struct buffer *out, struct bytes line)
{
    for (size_t i = 0; i + 1 < line.size; i += 3) {
        unsigned byte;
        assert_int_equal(sscanf((const char *)line.data + i, "%2x", &byte), 1);
        buffer_append(out, &(uint8_t){(uint8_t)byte}, 1);
    }
}

static void expect_frame(struct bytes frame, struct bytes json)
{
    msgpack_unpacked unpacked;
    size_t offset = 0, size;
    char *text;
    msgpack_unpacked_init(&unpacked);
    assert_int_equal(msgpack_unpack_next(&unpacked, frame.data, frame.size, &offset), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, frame.size);
    FILE *out = open_memstream(&text, &size);
    json_write(out, &unpacked.data);
    fclose(out);
    msgpack_unpacked_destroy(&unpacked);
    if (!line_is(json, text)) fail_msg("the bytes are %s\nbelow them is %.*s", text, BYTES_ARG(json));
    free(text);
}

/* Runs of lines in hexadecimal, each ended by a line "= JSON". */
static void the_frames_in_bytes_are_the_frames_in_json(void **state)
{
    char *page = page_read("protocol.md");
    const char *at = page_section(page, "## Frames");
    struct arena arena = {0};
    struct buffer frame = {.arena = &arena};
    struct bytes line;
    size_t count = 0;
    (void)state;
    while (page_line(&at, &line) && !line_begins(line, "#")) {
        if (!line_begins(line, "    ") || line_begins(line, "    [")) continue;
        struct bytes text = {(const char *)line.data + 4, line.size - 4};
        if (!line_begins(text, "= ")) {
            append_bytes(&frame, text);
            continue;
        }
        expect_frame(buffer_bytes(&frame), (struct bytes){(const char *)text.data + 2, text.size - 2});
        frame.size = 0;
        count++;
    }
    assert_int_equal(count, 4);
    arena_free(&arena);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_frames_in_bytes_are_the_frames_in_json),
        cmocka_unit_test(the_session_gets_the_answers_that_the_page_shows),
        cmocka_unit_test(every_method_has_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
