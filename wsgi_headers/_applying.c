/* The innermost loop of a program, compiled: the same as `apply` in _program.py, which says what it does and why.

   The package works without this file. Statuses, heads that are not yet exact and values that are not plain are the
   business of Python here too: the caller's, where this returns None, and the careful look's, which is called.

   What is called may run anything, and another thread may forget what is remembered, so nothing is borrowed across a
   call but the arguments and what they hold for good. There is no state. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* How a touched line is treated, as in _program.py. */
enum { EDIT, KEEP, COLLECT, DROP, WATCH };

/* Stand for the place of the watched line, as in _program.py. */
enum { NOWHERE = -1, SETTLED = -2, ALL = -3 };

/* The places of a treatment, and of the tables, as in _program.py. */
enum { KIND, PAYLOAD, BIT, TREATMENT };
enum { PROGRAM, TAILS, KEY, LINES_BY, ALWAYS, PERSONAL, LOOKS_FOR_ALL, TABLES };

/* A head on its way.

   after      a list that nobody else has: first the lines that stay, then those to come, from `place` on
   sent       the bits of the fields that the application sent
   collected  pairs of a payload and a line, or NULL
   watched    the place of the one watched line, NOWHERE, SETTLED or ALL */
typedef struct {
    PyObject *after;
    Py_ssize_t kept;
    Py_ssize_t place;
    unsigned long long sent;
    PyObject *collected;
    Py_ssize_t watched;
} Head;

typedef enum { FAILED = -1, UNKNOWN, DONE } Outcome;

/* Whether text is visible ASCII and blanks (RFC 9110 5.5, without what is legal but rare), eight octets at a time. */
static int
is_plain(PyObject *text)
{
    if (!PyUnicode_IS_COMPACT_ASCII(text)) {
        return 0;
    }
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const unsigned char *octets = PyUnicode_1BYTE_DATA(text);
    Py_ssize_t left = PyUnicode_GET_LENGTH(text);
    uint64_t eight, wrong = 0;
    /* Octets are below 80, so neither sum nor difference reaches the next one: the highest bit of each is set by the
       former for 7F, and not left by the latter for what is below 20. */
    for (; left >= 8; left -= 8, octets += 8) {
        memcpy(&eight, octets, 8);
        wrong |= (eight + ones) | ~((eight | ones * 0x80) - ones * 0x20);
    }
    eight = ones * 0x20;
    memcpy(&eight, octets, (size_t)left);
    wrong |= (eight + ones) | ~((eight | ones * 0x80) - ones * 0x20);
    return (wrong & ones * 0x80) == 0;
}

/* Put the line at `kept`; it stays where it was if it stood there. */
static Outcome
keep(Head *head, PyObject *line)
{
    Py_ssize_t to = head->kept++;
    if (PyList_GET_ITEM(head->after, to) == line) {
        return DONE;
    }
    return PyList_SetItem(head->after, to, Py_NewRef(line)) < 0 ? FAILED : DONE;
}

/* Put the lines with these values, any number, in the place of the one at `place`. */
static Outcome
keep_several(Head *head, PyObject *name, PyObject *values)
{
    PyObject *lines = PySequence_List(values);
    if (lines == NULL) {
        return FAILED;
    }
    Py_ssize_t count = PyList_GET_SIZE(lines);
    for (Py_ssize_t at = 0; at < count; at++) {
        PyObject *line = PyTuple_Pack(2, name, PyList_GET_ITEM(lines, at));
        if (line == NULL || PyList_SetItem(lines, at, line) < 0) {
            Py_DECREF(lines);
            return FAILED;
        }
    }
    int failed = PyList_SetSlice(head->after, head->kept, head->place + 1, lines);
    Py_DECREF(lines);
    head->kept += count;
    head->place = head->kept - 1;
    return failed ? FAILED : DONE;
}

/* Add a bit to those of the fields that the application sent; there are no more than fit. */
static Outcome
note_sent(Head *head, PyObject *bit)
{
    unsigned long long added = PyLong_AsUnsignedLongLong(bit);
    if (added == (unsigned long long)-1 && PyErr_Occurred()) {
        return FAILED;
    }
    head->sent |= added;
    return DONE;
}

/* Whether text begins with other text, both ASCII; None begins nothing. */
static int
begins_with(PyObject *text, PyObject *beginning)
{
    if (!PyUnicode_Check(beginning) || !PyUnicode_IS_COMPACT_ASCII(beginning) || !PyUnicode_IS_COMPACT_ASCII(text)) {
        return 0;
    }
    Py_ssize_t length = PyUnicode_GET_LENGTH(beginning);
    return length <= PyUnicode_GET_LENGTH(text)
           && memcmp(PyUnicode_1BYTE_DATA(text), PyUnicode_1BYTE_DATA(beginning), (size_t)length) == 0;
}

/* Note where a watched line stands that is about to be kept: `payload` says how values begin that stay as they are. */
static Outcome
watch(Head *head, PyObject *payload, PyObject *value)
{
    if (!PyTuple_CheckExact(payload) || PyTuple_GET_SIZE(payload) != 2) {
        PyErr_SetString(PyExc_TypeError, "what is watched comes with (has_lines, leaves)");
        return FAILED;
    }
    if (head->watched != NOWHERE) {
        head->watched = ALL;
        return DONE;
    }
    head->watched = begins_with(value, PyTuple_GET_ITEM(payload, 1)) ? SETTLED : head->kept;
    return DONE;
}

/* Put what the function of a treatment makes of a value in its place. */
static Outcome
edit(Head *head, PyObject *treatment, PyObject *line)
{
    PyObject *name = PyTuple_GET_ITEM(line, 0), *value = PyTuple_GET_ITEM(line, 1);
    PyObject *made = PyObject_CallOneArg(PyTuple_GET_ITEM(treatment, PAYLOAD), value);
    if (made == NULL) {
        return FAILED;
    }
    Outcome outcome = DONE;
    if (made == value) {
        outcome = keep(head, line);
    }
    else if (PyUnicode_CheckExact(made)) {
        PyObject *edited = PyTuple_Pack(2, name, made);
        outcome = edited == NULL ? FAILED : keep(head, edited);
        Py_XDECREF(edited);
    }
    else if (made != Py_None) {
        outcome = keep_several(head, name, made);
    }
    if (outcome == DONE && made != Py_None) {
        outcome = note_sent(head, PyTuple_GET_ITEM(treatment, BIT));
    }
    Py_DECREF(made);
    return outcome;
}

/* Put a line aside for the function of its field. */
static Outcome
collect(Head *head, PyObject *payload, PyObject *line)
{
    if (head->collected == NULL && (head->collected = PyList_New(0)) == NULL) {
        return FAILED;
    }
    PyObject *pair = PyTuple_Pack(2, payload, line);
    int failed = pair == NULL || PyList_Append(head->collected, pair) < 0;
    Py_XDECREF(pair);
    return failed ? FAILED : DONE;
}

/* Do what the treatment of a line says; the line and the treatment are held by the caller. */
static Outcome
treat(Head *head, PyObject *tables, PyObject *treatment, PyObject *line)
{
    PyObject *name = PyTuple_GET_ITEM(line, 0), *value = PyTuple_GET_ITEM(line, 1), *payload = NULL;
    long kind = KEEP;
    if (treatment != Py_None) {
        if (!PyTuple_CheckExact(treatment) || PyTuple_GET_SIZE(treatment) != TREATMENT) {
            PyErr_SetString(PyExc_TypeError, "a treatment is (kind, payload, bit)");
            return FAILED;
        }
        payload = PyTuple_GET_ITEM(treatment, PAYLOAD);
        kind = PyLong_AsLong(PyTuple_GET_ITEM(treatment, KIND));
        if (kind == -1 && PyErr_Occurred()) {
            return FAILED;
        }
        if (kind == EDIT) {
            return edit(head, treatment, line);
        }
        if (kind != DROP && note_sent(head, PyTuple_GET_ITEM(treatment, BIT)) == FAILED) {
            return FAILED;
        }
    }
    if (!is_plain(value)) {
        PyObject *text = PyObject_CallMethod(PyTuple_GET_ITEM(tables, PROGRAM), "check", "OO", name, value);
        if (text == NULL) {
            return FAILED;
        }
        Py_DECREF(text);
    }
    if (kind == DROP) {
        return DONE;
    }
    if (kind == COLLECT) {
        return collect(head, payload, line);
    }
    if (kind == WATCH && watch(head, payload, value) == FAILED) {
        return FAILED;
    }
    return keep(head, line);
}

/* Return what is known of a spelling, a new reference; NULL where nothing is, or with an error set. */
static PyObject *
known(PyObject *spellings, PyObject *name)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *treatment;
    PyDict_GetItemRef(spellings, name, &treatment);
    return treatment;
#else
    return Py_XNewRef(PyDict_GetItemWithError(spellings, name));
#endif
}

/* Do what is to be done with the line at `place`. */
static Outcome
advance(Head *head, PyObject *tables, PyObject *spellings)
{
    PyObject *line = Py_NewRef(PyList_GET_ITEM(head->after, head->place));
    Outcome outcome = UNKNOWN;
    if (PyTuple_CheckExact(line) && PyTuple_GET_SIZE(line) == 2 && PyUnicode_CheckExact(PyTuple_GET_ITEM(line, 0))
        && PyUnicode_CheckExact(PyTuple_GET_ITEM(line, 1))) {
        PyObject *treatment = known(spellings, PyTuple_GET_ITEM(line, 0));
        if (treatment != NULL) {
            outcome = treat(head, tables, treatment, line);
            Py_DECREF(treatment);
        }
        else if (PyErr_Occurred()) {
            outcome = FAILED;
        }
    }
    Py_DECREF(line);
    return outcome;
}

/* Put `lines`, a reference that is taken, behind the lines that stay; everything else goes. */
static Outcome
extend(Head *head, PyObject *lines)
{
    if (lines == NULL) {
        return FAILED;
    }
    int failed = PyList_SetSlice(head->after, head->kept, PY_SSIZE_T_MAX, lines);
    Py_DECREF(lines);
    head->kept = PyList_GET_SIZE(head->after);
    return failed ? FAILED : DONE;
}

/* Put the lines that a key of environ has behind those that stay. */
static Outcome
extend_by_key(Head *head, PyObject *tables, PyObject *environ)
{
    PyObject *key = PyTuple_GET_ITEM(tables, KEY);
    int there = key == Py_None ? 0 : PySequence_Contains(environ, key);
    if (there <= 0) {
        return there < 0 ? FAILED : DONE;
    }
    PyObject *value = PyObject_GetItem(environ, key);
    if (value == NULL) {
        return FAILED;
    }
    Outcome outcome = extend(head, PyObject_GetItem(PyTuple_GET_ITEM(tables, LINES_BY), value));
    Py_DECREF(value);
    return outcome;
}

/* Put the lines of the fields whose lines were collected, or that are asked in any case, behind those that stay. */
static Outcome
extend_by_fields(Head *head, PyObject *tables, PyObject *environ)
{
    PyObject *always = PyTuple_GET_ITEM(tables, ALWAYS);
    if (head->collected == NULL) {
        if (always == Py_None) {
            return DONE;
        }
        PyObject *own = PyList_New(0);
        PyObject *lines = own == NULL ? NULL : PyObject_CallFunctionObjArgs(always, own, environ, NULL);
        Py_XDECREF(own);
        return extend(head, lines);
    }
    if (always == Py_None && PyList_GET_SIZE(head->collected) == 1) {
        PyObject *pair = PyList_GET_ITEM(head->collected, 0), *payload = PyTuple_GET_ITEM(pair, 0);
        if (!PyTuple_CheckExact(payload) || PyTuple_GET_SIZE(payload) != 2) {
            PyErr_SetString(PyExc_TypeError, "what is collected comes with (field, alone)");
            return FAILED;
        }
        PyObject *alone = PyTuple_GET_ITEM(payload, 1);
        if (alone != Py_None) {
            return extend(head, PyObject_GetItem(alone, PyTuple_GET_ITEM(pair, 1)));
        }
    }
    PyObject *program = PyTuple_GET_ITEM(tables, PROGRAM);
    return extend(head, PyObject_CallMethod(program, "of_fields", "OO", head->collected, environ));
}

/* Change the lines of a head that sets a cookie, where that makes a difference. */
static Outcome
make_personal(Head *head, PyObject *tables)
{
    if (head->watched < 0 && head->watched != ALL && PyTuple_GET_ITEM(tables, LOOKS_FOR_ALL) != Py_True) {
        return DONE;
    }
    unsigned long long personal = PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(tables, PERSONAL));
    if (personal == (unsigned long long)-1 && PyErr_Occurred()) {
        return FAILED;
    }
    if (!(head->sent & personal)) {
        return DONE;
    }
    PyObject *program = PyTuple_GET_ITEM(tables, PROGRAM);
    PyObject *nothing = PyObject_CallMethod(program, "make_personal", "On", head->after, head->watched);
    Py_XDECREF(nothing);
    return nothing == NULL ? FAILED : DONE;
}

/* Return the lines of the program for the fields that the application did not send, a new reference. */
static PyObject *
tail(Head *head, PyObject *tables)
{
    PyObject *sent = PyLong_FromUnsignedLongLong(head->sent);
    PyObject *lines = sent == NULL ? NULL : PyObject_GetItem(PyTuple_GET_ITEM(tables, TAILS), sent);
    Py_XDECREF(sent);
    return lines;
}

/* Put the program's own lines behind those that stay. */
static Outcome
finish(Head *head, PyObject *tables, PyObject *environ)
{
    Outcome outcome = extend(head, tail(head, tables));
    if (outcome == DONE) {
        outcome = extend_by_key(head, tables, environ);
    }
    if (outcome == DONE) {
        outcome = extend_by_fields(head, tables, environ);
    }
    return outcome == DONE ? make_personal(head, tables) : outcome;
}

PyDoc_STRVAR(apply_doc, "apply($module, tables, spellings, lines, environ, /)\n--\n\n"
                        "Return the new head, or None, as `_program.apply` does.");

static PyObject *
apply(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    if (count != 4 || !PyTuple_CheckExact(arguments[0]) || PyTuple_GET_SIZE(arguments[0]) != TABLES
        || !PyDict_CheckExact(arguments[1])) {
        PyErr_SetString(PyExc_TypeError, "apply takes tables, spellings, lines and environ");
        return NULL;
    }
    PyObject *tables = arguments[0], *spellings = arguments[1], *lines = arguments[2], *environ = arguments[3];
    if (!PyList_CheckExact(lines)) {
        Py_RETURN_NONE;
    }
    Head head = {.after = PyList_GetSlice(lines, 0, PY_SSIZE_T_MAX), .watched = NOWHERE};
    Outcome outcome = head.after == NULL ? FAILED : DONE;
    for (; outcome == DONE && head.place < PyList_GET_SIZE(head.after); head.place++) {
        outcome = advance(&head, tables, spellings);
    }
    if (outcome == DONE) {
        outcome = finish(&head, tables, environ);
    }
    Py_XDECREF(head.collected);
    if (outcome == DONE) {
        return head.after;
    }
    Py_XDECREF(head.after);
    if (outcome == FAILED) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"apply", (PyCFunction)(void (*)(void))apply, METH_FASTCALL, apply_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "wsgi_headers._applying",
    .m_doc = "The innermost loop of a program, compiled.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__applying(void)
{
    return PyModuleDef_Init(&definition);
}
