/* Device files as people send them, in any pieces; the rules for ids and names; and what the writer writes,
 * read back. */
#include "engine/base/arena.h"
#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/csv/csv_writer.h"
#include "engine/csv/import_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <csv.h>
#include <cmocka.h>

#define HEADER "IOTC_DEVICEID,IOTC_DEVICENAME\r\n"

static struct arena arena;

/* ---- A file, read in chunks, told as one text: "line:fault[cell|cell]" for each row, then how it ended. */

static void tell(struct buffer *story, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buffer_append(story, text, (size_t)size);
}

static void tell_row(struct buffer *story, const struct import_row *row)
{
    tell(story, "%llu:%d", (unsigned long long)row->line, (int)row->fault);
    for (size_t i = 0; i < row->cell_count; i++) {
        tell(story, i ? "|" : "[");
        buffer_append(story, row->cells[i].data, row->cells[i].size);
    }
    tell(story, "]");
    assert_int_equal(row->why != NULL, row->fault != IMPORT_ROW_WHOLE);
}

static enum import_step give(struct import_reader *reader, struct bytes chunk, struct buffer *story)
{
    struct import_row row;
    enum import_step step;
    while ((step = import_reader_next(reader, &chunk, &row)) == IMPORT_READ_ROW) tell_row(story, &row);
    if (step == IMPORT_READ_MORE) assert_int_equal(chunk.size, 0);
    return step;
}

static void end(struct import_reader *reader, struct buffer *story)
{
    struct import_row row;
    enum import_step step;
    while ((step = import_reader_finish(reader, &row)) == IMPORT_READ_ROW) tell_row(story, &row);
    assert_int_equal(step, import_reader_fault(reader) ? IMPORT_READ_FAULT : IMPORT_READ_END);
    tell(story, "%s", import_reader_why(reader));
}

/* Each piece is a copy of its own size, so that reading past it is found. */
static void give_in_pieces(struct import_reader *reader, struct bytes file, size_t piece, struct buffer *story)
{
    for (size_t at = 0; at < file.size; at += piece) {
        size_t size = MIN(piece, file.size - at);
        char *copy = malloc(size);
        memcpy(copy, (const char *)file.data + at, size);
        give(reader, (struct bytes){copy, size}, story);
        free(copy);
    }
}

static struct bytes story_of(struct bytes file, size_t piece)
{
    struct buffer story = {.arena = &arena};
    struct import_reader *reader = import_reader_new();
    give_in_pieces(reader, file, piece, &story);
    end(reader, &story);
    import_reader_delete(reader);
    return buffer_bytes(&story);
}

static struct bytes joined(const char *head, struct bytes body, const char *tail)
{
    struct buffer text = {.arena = &arena};
    buffer_append(&text, head, strlen(head));
    buffer_append(&text, body.data, body.size);
    buffer_append(&text, tail, strlen(tail));
    return buffer_bytes(&text);
}

static struct bytes filled(char c, size_t count)
{
    void *text = memset(arena_alloc(&arena, count), c, count);
    return (struct bytes){text, count};
}

static void same(struct bytes got, const char *expected)
{
    assert_string_equal(arena_text(&arena, got), expected);
}

/* The file tells the story whole and in pieces of every size. */
static void reads_as(struct bytes file, const char *expected)
{
    same(story_of(file, file.size + 1), expected);
    for (size_t piece = 1; piece <= MIN(file.size, (size_t)80); piece++) same(story_of(file, piece), expected);
}

#define READS_AS(literal, expected) reads_as(BYTES(literal), expected)

/* ---- Files that are fine. */

static void the_sample_file_gives_its_one_device(void **state)
{
    (void)state;
    READS_AS("\xEF\xBB\xBFIOTC_DEVICEID,IOTC_DEVICENAME\r\nsampledevice-1,Sample Device 1\r\n",
             "2:0[sampledevice-1|Sample Device 1]");
}

static void lines_end_in_crlf_lf_cr_or_nothing(void **state)
{
    (void)state;
    READS_AS("iotc_deviceid\r\na\r\nb\r\n", "2:0[a]3:0[b]");
    READS_AS("iotc_deviceid\na\nb\n", "2:0[a]3:0[b]");
    READS_AS("iotc_deviceid\ra\rb\r", "2:0[a]3:0[b]");
    READS_AS("iotc_deviceid\r\na\r\nb", "2:0[a]3:0[b]");
    READS_AS("iotc_deviceid\r\na,\"\"", "2:0[a|]");
    READS_AS("iotc_deviceid\r\n\"a\"", "2:0[a]");
    READS_AS("iotc_deviceid\r\n\"a\" ", "2:0[a]");
    READS_AS("iotc_deviceid", "");
}

static void empty_lines_are_counted_and_left_out(void **state)
{
    (void)state;
    READS_AS("\r\n \nIOTC_DEVICEID\n\na\r\n\r\n\t\r\nb\r \n", "5:0[a]8:0[b]");
    struct import_reader *reader = import_reader_new();
    struct buffer story = {.arena = &arena};
    give_in_pieces(reader, BYTES("\r\n \nIOTC_DEVICEID\n\na\r\n\r\n\t\r\nb\r \n"), 50, &story);
    end(reader, &story);
    assert_int_equal(import_reader_lines(reader), 9);
    assert_int_equal(import_reader_empty_lines(reader), 6);
    import_reader_delete(reader);
}

static void quoted_cells_hold_commas_quotes_and_line_ends(void **state)
{
    (void)state;
    READS_AS("IOTC_DEVICEID,x,IOTC_DEVICENAME\r\n"
             "a,\"1\r\n2\n3\r4\",\"Pump, \"\"north\"\"\"\r\n"
             "b,,5\" valve\r\n",
             "2:0[a|1\r\n2\n3\r4|Pump, \"north\"]6:0[b||5\" valve]");
}

static void columns_stand_in_any_case_and_order_and_the_header_is_kept(void **state)
{
    (void)state;
    struct import_reader *reader = import_reader_new();
    struct bytes chunk = BYTES("Site,Iotc_DeviceName , iotc_deviceid\nHall 4,Pump,p-1\n,,p-2\np-3\n");
    struct import_row row;
    assert_int_equal(import_reader_next(reader, &chunk, &row), IMPORT_READ_ROW);
    same(row.id, "p-1");
    same(row.name, "Pump");
    same(row.cells[0], "Hall 4");
    assert_int_equal(import_reader_next(reader, &chunk, &row), IMPORT_READ_ROW);
    same(row.id, "p-2");
    assert_int_equal(row.name.size, 0);
    assert_int_equal(import_reader_next(reader, &chunk, &row), IMPORT_READ_ROW);
    assert_int_equal(row.id.size, 0);
    size_t count;
    const struct bytes *header = import_reader_header(reader, &count);
    assert_int_equal(count, 3);
    same(header[2], "iotc_deviceid");
    import_reader_delete(reader);
}

static void reading_stops_after_each_row_and_goes_on_there(void **state)
{
    (void)state;
    struct import_reader *reader = import_reader_new();
    struct bytes chunk = BYTES(HEADER "a\r\nb\r\n");
    struct import_row row;
    assert_int_equal(import_reader_next(reader, &chunk, &row), IMPORT_READ_ROW);
    same(chunk, "\nb\r\n");
    struct bytes moved = arena_copy(&arena, chunk);
    assert_int_equal(import_reader_next(reader, &moved, &row), IMPORT_READ_ROW);
    same(row.id, "b");
    assert_int_equal(row.line, 3);
    import_reader_delete(reader);
}

/* ---- Rows that are not. */

static void one_bad_row_stops_no_other(void **state)
{
    (void)state;
    READS_AS(HEADER "a,\"x\"y\r\nb,1,2\r\nc,1,,\r\nd,\"x\" \"\r\ne\r\n", "2:5[a]3:4[b|1|2]4:0[c|1||]5:5[d]6:0[e]");
}

static void a_forgotten_quote_costs_the_rows_it_swallows_and_no_more(void **state)
{
    (void)state;
    READS_AS(HEADER "a,\"Pump\nb,x\nc,\"Valve\"\nd,y\n", "2:5[a]5:0[d|y]");
}

static void a_row_over_a_limit_is_refused_and_the_next_is_read(void **state)
{
    (void)state;
    struct bytes cell = filled('x', IMPORT_CELL_SIZE_MAX);
    same(story_of(joined("IOTC_DEVICEID\n", cell, "\n"), 1000), arena_text(&arena, joined("2:0[", cell, "]")));
    same(story_of(joined("IOTC_DEVICEID\n", cell, "x\nb\n"), 1000), "2:2]3:0[b]");
    struct bytes cells = filled(',', IMPORT_CELLS_MAX - 1);
    struct bytes file = joined("IOTC_DEVICEID", cells, "\na");
    file = joined(arena_text(&arena, file), cells, ",\nb\n");
    assert_non_null(strstr(arena_text(&arena, story_of(file, 7)), "2:3[a||"));
    assert_non_null(strstr(arena_text(&arena, story_of(file, 7)), "3:0[b]"));
}

static void the_apostrophe_before_a_formula_is_no_part_of_a_cell_s_4_kib(void **state)
{
    (void)state;
    struct buffer file = {.arena = &arena};
    struct csv_writer w = csv_writer_on(&file);
    struct bytes cell = joined("=", filled('x', IMPORT_CELL_SIZE_MAX - 1), "");
    csv_writer_cell(&w, BYTES("IOTC_DEVICEID"));
    csv_writer_row_end(&w);
    csv_writer_cell(&w, cell);
    csv_writer_row_end(&w);
    same(story_of(buffer_bytes(&file), 1000), arena_text(&arena, joined("2:0[", cell, "]")));
}

static void a_row_has_64_kib_at_most_and_no_more_is_held(void **state)
{
    (void)state;
    struct bytes long_row = joined("IOTC_DEVICEID\na,\"", filled('x', 3 * IMPORT_ROW_SIZE_MAX), "\"\nb\n");
    same(story_of(long_row, 4096), "2:1[a]3:0[b]");
    same(story_of(long_row, long_row.size), "2:1[a]3:0[b]");
    struct bytes blanks = joined("IOTC_DEVICEID\n", filled(' ', 3 * IMPORT_ROW_SIZE_MAX), "\nb\n");
    same(story_of(blanks, 4096), "3:0[b]");
}

static void a_row_of_just_64_kib_is_read_and_a_byte_more_is_not(void **state)
{
    (void)state;
    struct buffer row = {.arena = &arena};
    for (int i = 0; i < 16; i++) {
        buffer_append(&row, filled('x', 4095).data, 4095);
        buffer_append(&row, i < 15 ? "," : "\n", 1);
    }
    assert_int_equal(row.size, IMPORT_ROW_SIZE_MAX);
    const char *header = "IOTC_DEVICEID,,,,,,,,,,,,,,,\n";
    char *story = arena_text(&arena, story_of(joined(header, buffer_bytes(&row), "b\n"), 5000));
    assert_memory_equal(story, "2:0[x", 5);
    row.data[row.size - 1] = 'x';
    story = arena_text(&arena, story_of(joined(header, buffer_bytes(&row), "\nb\n"), 5000));
    assert_memory_equal(story, "2:1[x", 5);
    assert_non_null(strstr(story, "]3:0[b]"));
}

static void a_file_that_ends_in_quotes_was_cut_off(void **state)
{
    (void)state;
    READS_AS(HEADER "a,x\r\nb,\"Pump\r\nc,y\r\n",
             "2:0[a|x]3:6[b]the file ends inside the quoted cell of the row at line 3; send it again whole");
}

static void an_apostrophe_before_a_formula_is_taken_off(void **state)
{
    (void)state;
    READS_AS("iotc_deviceid,a,b,c,d\n'-7,'=1,''@x,'t,'\n", "2:0[-7|=1|'@x|'t|']");
}

/* ---- Files that cannot be read at all. */

static void a_file_without_rows_is_empty(void **state)
{
    (void)state;
    READS_AS("", "the file is empty; its first line must name the column IOTC_DEVICEID");
    READS_AS("\xEF\xBB\xBF\r\n \r\n", "the file is empty; its first line must name the column IOTC_DEVICEID");
}

static void a_header_names_the_id_column_once(void **state)
{
    (void)state;
    READS_AS("\ngw-1,Pump\r\n", "line 2 names no column IOTC_DEVICEID; it begins with \"gw-1\"");
    READS_AS("\"\"\n", "line 1 names no column IOTC_DEVICEID; it begins with \"\"");
    READS_AS("IOTC_DEVICEID;IOTC_DEVICENAME\n", "line 1 names no column IOTC_DEVICEID; it begins with "
                                                "\"IOTC_DEVICEID;IOTC_DEVICENAME\"; separate the columns with commas");
    READS_AS("IOTC_DEVICEID\tIOTC_DEVICENAME\n", "line 1 names no column IOTC_DEVICEID; it begins with "
                                                 "\"IOTC_DEVICEID\"; separate the columns with commas");
    READS_AS("sep=,\nIOTC_DEVICEID\n",
             "line 1 names no column IOTC_DEVICEID; it begins with \"sep=\"; begin with the line behind it");
    READS_AS("IOTC_DEVICEID,x,iotc_deviceid\n",
             "line 1 names the column IOTC_DEVICEID twice, as columns 1 and 3; keep one");
    READS_AS("IOTC_DEVICENAME,IOTC_DEVICENAME\n",
             "line 1 names the column IOTC_DEVICENAME twice, as columns 1 and 2; keep one");
    READS_AS("IOTC_X509THUMBPRINT_PRIMARY,IOTC_DEVICEID,iotc_x509thumbprint_primary\n",
             "line 1 names the column IOTC_X509THUMBPRINT_PRIMARY twice, as columns 1 and 3; keep one");
    READS_AS("\"IOTC_DEVICEID\"x\n", "line 1, the header: text follows a closing quote; a quote inside a quoted cell "
                                     "must be written twice");
    READS_AS("\"IOTC_DEVICEID\n", "line 1, the header: the file ends inside a quoted cell; it was cut off, or a quote "
                                  "is never closed");
}

static void what_is_no_utf8_text_is_named(void **state)
{
    (void)state;
    READS_AS("\xFF\xFEI\0O\0", "the file is UTF-16; save it as \"CSV UTF-8\"");
    READS_AS("\xFE\xFF\0I\0O", "the file is UTF-16; save it as \"CSV UTF-8\"");
    READS_AS(HEADER "a\r\nb\0\r\n",
             "2:0[a]line 3 holds a NUL byte, so this is no CSV text; save the table as \"CSV UTF-8\"");
    READS_AS("\xEF\xBBx\n", "line 1 names no column IOTC_DEVICEID; it begins with \"\"");
}

static void a_fault_stays(void **state)
{
    (void)state;
    struct import_reader *reader = import_reader_new();
    struct buffer story = {.arena = &arena};
    assert_int_equal(give(reader, BYTES("x\na\n"), &story), IMPORT_READ_FAULT);
    assert_int_equal(give(reader, BYTES(HEADER "a\n"), &story), IMPORT_READ_FAULT);
    assert_int_equal(import_reader_fault(reader), IMPORT_FILE_NO_ID_COLUMN);
    end(reader, &story);
    same(buffer_bytes(&story), "line 1 names no column IOTC_DEVICEID; it begins with \"x\"");
    import_reader_delete(reader);
}

/* ---- Against libcsv: every short text, as libcsv alone reads it. */

struct plain {
    struct buffer story;
    size_t cells;
};

static void plain_cell(void *text, size_t size, void *context)
{
    struct plain *plain = context;
    tell(&plain->story, plain->cells++ ? "|" : "[");
    buffer_append(&plain->story, text, size);
}

static void plain_row(int character, void *context)
{
    (void)character;
    struct plain *plain = context;
    tell(&plain->story, "]");
    plain->cells = 0;
}

/* False when the text breaks the rules of quoting, where we and libcsv part. */
static bool plain_story_of(struct bytes file, struct bytes *story)
{
    struct plain plain = {.story = {.arena = &arena}};
    struct csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
    size_t taken = csv_parse(&parser, file.data, file.size, plain_cell, plain_row, &plain);
    bool good = taken == file.size && csv_fini(&parser, plain_cell, plain_row, &plain) == 0;
    csv_free(&parser);
    *story = buffer_bytes(&plain.story);
    return good;
}

/* Rows alone, without lines and faults. */
static struct bytes rows_of(struct bytes file, size_t piece)
{
    struct buffer rows = {.arena = &arena};
    struct import_reader *reader = import_reader_new();
    struct import_row row;
    give(reader, BYTES("IOTC_DEVICEID,,,,,,,,\n"), &rows);
    for (size_t at = 0; at < file.size; at += piece) {
        struct bytes chunk = {(const char *)file.data + at, MIN(piece, file.size - at)};
        while (import_reader_next(reader, &chunk, &row) == IMPORT_READ_ROW) {
            for (size_t i = 0; i < row.cell_count; i++) tell(&rows, "%s%.*s", i ? "|" : "[", BYTES_ARG(row.cells[i]));
            tell(&rows, "]");
        }
    }
    import_reader_delete(reader);
    return buffer_bytes(&rows);
}

static void every_short_text_is_read_as_libcsv_reads_it(void **state)
{
    (void)state;
    static const char alphabet[] = {'a', ',', '"', ' ', '\r', '\n'};
    enum { LENGTH = 6 };
    size_t compared = 0;
    for (size_t number = 0; number < 6 * 6 * 6 * 6 * 6 * 6; number++) {
        char text[LENGTH + 1];
        for (size_t i = 0, rest = number; i < LENGTH; i++, rest /= 6) text[i] = alphabet[rest % 6];
        text[LENGTH] = '\n';
        struct bytes file = {text, sizeof text}, expected;
        if (plain_story_of(file, &expected)) {
            if (!bytes_equal(rows_of(file, 1 + number % 8), expected)) fail_msg("%.*s", BYTES_ARG(file));
            compared++;
        }
        arena_reset(&arena);
    }
    assert_true(compared > 20000);
}

/* ---- Writing. */

static void cells_are_quoted_only_when_they_must_be(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    struct csv_writer w = csv_writer_on(&out);
    static const char *const cells[] = {"a b", "", "1,2", "say \"hi\"", "x\ny", " blank", "5\u00b5"};
    for (size_t i = 0; i < COUNT_OF(cells); i++) csv_writer_cell(&w, bytes_of_text(cells[i]));
    csv_writer_row_end(&w);
    csv_writer_cell(&w, BYTES_NONE);
    csv_writer_row_end(&w);
    same(buffer_bytes(&out), "a b,,\"1,2\",\"say \"\"hi\"\"\",\"x\ny\",\" blank\",5\u00b5\r\n\"\"\r\n");
}

static void formulas_get_an_apostrophe_and_keys_do_not(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    struct csv_writer w = csv_writer_on(&out);
    static const char *const cells[] = {"=1+1", "+1", "-gw", "@x", "\tx", "\rx", "'=1", "'t", "=a,b"};
    for (size_t i = 0; i < COUNT_OF(cells); i++) csv_writer_cell(&w, bytes_of_text(cells[i]));
    csv_writer_exact(&w, BYTES("+key=="));
    csv_writer_row_end(&w);
    same(buffer_bytes(&out), "'=1+1,'+1,'-gw,'@x,\"'\tx\",\"'\rx\",''=1,'t,\"'=a,b\",+key==\r\n");
}

static unsigned seed;

static size_t below(size_t bound)
{
    return (size_t)rand_r(&seed) % bound;
}

static struct bytes random_cell(void)
{
    static const char characters[] = "ab-=+@'\"\",, \t\r\n\xc3\xbc";
    size_t size = below(8);
    char *text = arena_alloc(&arena, size);
    for (size_t i = 0; i < size; i++) text[i] = characters[below(sizeof characters - 1)];
    return (struct bytes){text, size};
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int round = 0; round < 3000; round++) {
        struct buffer file = {.arena = &arena};
        struct csv_writer w = csv_writer_on(&file);
        struct bytes cells[3][4];
        buffer_append(&file, "IOTC_DEVICEID,b,c,d\n", 20);
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 4; c++) csv_writer_cell(&w, cells[r][c] = random_cell());
            csv_writer_row_end(&w);
        }
        struct import_reader *reader = import_reader_new();
        struct bytes chunk = buffer_bytes(&file);
        struct import_row row;
        for (int r = 0; r < 3; r++) {
            assert_int_equal(import_reader_next(reader, &chunk, &row), IMPORT_READ_ROW);
            assert_int_equal(row.cell_count, 4);
            for (int c = 0; c < 4; c++) assert_true(bytes_equal(row.cells[c], cells[r][c]));
        }
        import_reader_delete(reader);
        arena_reset(&arena);
    }
}

static void random_files_read_the_same_in_any_pieces(void **state)
{
    (void)state;
    seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    for (int round = 0; round < 3000; round++) {
        struct buffer file = {.arena = &arena};
        buffer_append(&file, HEADER, sizeof HEADER - 1);
        for (size_t i = below(12); i > 0; i--) {
            struct bytes part = random_cell();
            buffer_append(&file, part.data, part.size);
        }
        struct bytes whole = story_of(buffer_bytes(&file), file.size);
        assert_true(bytes_equal(whole, story_of(buffer_bytes(&file), 1 + below(9))));
        arena_reset(&arena);
    }
}

/* ---- Ids and names. */

#define ID_RULE "; an id is 1 to 128 of the characters A-Z a-z 0-9 and -"

static void id_is(struct bytes id, const char *sentence)
{
    struct sentence why = {""};
    assert_int_equal(device_id_check(id, "IOTC_DEVICEID", &why), sentence[0] == '\0');
    assert_string_equal(why.text, sentence);
}

#define NAME_RULE "; a name is one line of plain text"

static void name_is(struct bytes name, const char *sentence)
{
    struct sentence why = {""};
    assert_int_equal(display_name_check(name, "IOTC_DEVICENAME", &why), sentence[0] == '\0');
    assert_string_equal(why.text, sentence);
}

static void an_id_is_1_to_128_of_a_few_characters(void **state)
{
    (void)state;
    id_is(BYTES("-Gw-007"), "");
    id_is(filled('x', 128), "");
    id_is(filled('x', 129), "IOTC_DEVICEID is longer than 128 characters" ID_RULE);
    id_is(BYTES_NONE, "IOTC_DEVICEID is empty" ID_RULE);
    id_is(BYTES("gw_1"), "IOTC_DEVICEID has \"_\" as character 3" ID_RULE);
    id_is(BYTES("gü"), "IOTC_DEVICEID has \"ü\" as character 2" ID_RULE);
    id_is(BYTES("g\xfc"), "IOTC_DEVICEID has the byte 0xFC as character 2" ID_RULE);
    id_is(BYTES("\x1b"), "IOTC_DEVICEID has the byte 0x1B as character 1" ID_RULE);
}

static void a_name_is_one_line_of_148_characters_at_most(void **state)
{
    (void)state;
    struct buffer name = {.arena = &arena};
    for (int i = 0; i < DISPLAY_NAME_LENGTH_MAX; i++) buffer_append(&name, "ü", 2);
    name_is(buffer_bytes(&name), "");
    name_is(BYTES_NONE, "");
    buffer_append(&name, "x", 1);
    name_is(buffer_bytes(&name), "IOTC_DEVICENAME is 149 characters long; a name has at most 148");
    name_is(BYTES("Pümp\n"), "IOTC_DEVICENAME has the control character U+000A as character 5" NAME_RULE);
    name_is(BYTES("a\xc2\x85"), "IOTC_DEVICENAME has the control character U+0085 as character 2" NAME_RULE);
    name_is(BYTES("Z\xfcrich"), "IOTC_DEVICENAME is not UTF-8 at character 2 (byte 0xFC); save or send it as UTF-8");
}

static void utf8_is_checked_to_the_letter(void **state)
{
    (void)state;
    static const char *const good[] = {"plain ascii, long enough", "é", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",     "\xc0\x80", "\xc3",         "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
        "\xe2\x82", "\xff",     "12345678\xc3("};
    for (size_t i = 0; i < COUNT_OF(good); i++) assert_true(utf8_is_valid(bytes_of_text(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++) assert_false(utf8_is_valid(bytes_of_text(bad[i])));
    assert_int_equal(utf8_length(BYTES("aé€😀")), 4);
    assert_int_equal(utf8_valid_size(BYTES("é\xc3")), 2);
    same(text_quotable(BYTES("é€😀x"), 2), "é€");
    same(text_quotable(BYTES("ab\x1b[2J"), 9), "ab");
    assert_true(text_equals_any_case(BYTES("Where"), BYTES("wHERE")));
    assert_false(text_equals_any_case(BYTES("[@"), BYTES("{`")));
    assert_true(text_holds_any_case(BYTES("Reboot"), BYTES("BOOT")));
    assert_true(text_holds_any_case(BYTES("Reboot"), BYTES("")));
    assert_false(text_holds_any_case(BYTES("Reboot"), BYTES("boots")));
    assert_false(text_holds_any_case(BYTES("É"), BYTES("é")));
}

static int arena_begin(void **state)
{
    (void)state;
    arena_reset(&arena);
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, arena_begin, arena_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(the_sample_file_gives_its_one_device),
        STORY(lines_end_in_crlf_lf_cr_or_nothing),
        STORY(empty_lines_are_counted_and_left_out),
        STORY(quoted_cells_hold_commas_quotes_and_line_ends),
        STORY(columns_stand_in_any_case_and_order_and_the_header_is_kept),
        STORY(reading_stops_after_each_row_and_goes_on_there),
        STORY(one_bad_row_stops_no_other),
        STORY(a_forgotten_quote_costs_the_rows_it_swallows_and_no_more),
        STORY(a_row_over_a_limit_is_refused_and_the_next_is_read),
        STORY(the_apostrophe_before_a_formula_is_no_part_of_a_cell_s_4_kib),
        STORY(a_row_has_64_kib_at_most_and_no_more_is_held),
        STORY(a_row_of_just_64_kib_is_read_and_a_byte_more_is_not),
        STORY(a_file_that_ends_in_quotes_was_cut_off),
        STORY(an_apostrophe_before_a_formula_is_taken_off),
        STORY(a_file_without_rows_is_empty),
        STORY(a_header_names_the_id_column_once),
        STORY(what_is_no_utf8_text_is_named),
        STORY(a_fault_stays),
        STORY(every_short_text_is_read_as_libcsv_reads_it),
        STORY(cells_are_quoted_only_when_they_must_be),
        STORY(formulas_get_an_apostrophe_and_keys_do_not),
        STORY(what_is_written_is_read_back),
        STORY(random_files_read_the_same_in_any_pieces),
        STORY(an_id_is_1_to_128_of_a_few_characters),
        STORY(a_name_is_one_line_of_148_characters_at_most),
        STORY(utf8_is_checked_to_the_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
