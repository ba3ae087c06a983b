/* Preloaded into a process: records what it does to the files below one folder, in order, into another file.

   A record is a head and, after it, a path and data. The process adds notes of its own with `record_note`: that it has
   acknowledged something, say. A record is written when its operation has succeeded, under one lock for all threads.
   What is mapped into memory (SQLite's -shm) is not recorded: nobody expects it to survive. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { FILES = 65536 };

struct head {
    char operation;
    char flag; /* opened: 1 created, 2 emptied, 3 both */
    uint16_t path;
    uint32_t data;
    int32_t file;
    int32_t spare;
    uint64_t at;
};

static char folder[4096];
static size_t length;
static int records = -1;
static unsigned char files[FILES];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t plainly(int file, const void *data, size_t size)
{
    REAL(write);
    return real(file, data, size);
}

static void put(const void *data, size_t size)
{
    if (size && plainly(records, data, size) != (ssize_t)size) abort(); /* an incomplete record proves nothing */
}

static void record(char operation, int flag, int file, uint64_t at, const char *path, const void *data, size_t size)
{
    int before = errno;
    struct head head = {operation, flag, path ? strlen(path) : 0, size, file, 0, at};
    put(&head, sizeof head);
    if (path) put(path, head.path);
    put(data, size);
    errno = before;
}

static int below(const char *path)
{
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int ours(int file) { return file >= 0 && file < FILES && files[file]; }

void record_note(const char *text)
{
    pthread_mutex_lock(&one_at_a_time);
    record('!', 0, -1, 0, NULL, text, strlen(text));
    pthread_mutex_unlock(&one_at_a_time);
}

__attribute__((constructor)) static void begin(void)
{
    const char *where = getenv("RECORD_FOLDER"), *to = getenv("RECORD_TO");
    if (!where || !to) return;
    records = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (records < 0) abort();
    strncpy(folder, where, sizeof folder - 1);
    length = strlen(folder);
}

/* The operation, its record and their order, for whatever returns a negative number when it fails. */
#define RECORDED(type, condition, operation, ...) \
    if (!(condition)) return operation; \
    pthread_mutex_lock(&one_at_a_time); \
    type done = operation; \
    if (done >= 0) record(__VA_ARGS__); \
    pthread_mutex_unlock(&one_at_a_time); \
    return done

#define OPENING(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (!below(path)) return real(path, flags, mode); \
        pthread_mutex_lock(&one_at_a_time); \
        int before = errno, new = faccessat(AT_FDCWD, path, F_OK, 0) != 0; \
        errno = before; \
        int file = real(path, flags, mode); \
        if (file >= FILES) abort(); \
        if (file >= 0) { \
            files[file] = 1; \
            record('o', new | (flags & O_TRUNC ? 2 : 0), file, 0, path, NULL, 0); \
        } \
        pthread_mutex_unlock(&one_at_a_time); \
        return file; \
    }
OPENING(open)
OPENING(open64)

int close(int file)
{
    REAL(close);
    if (!ours(file)) return real(file);
    pthread_mutex_lock(&one_at_a_time);
    files[file] = 0;
    record('c', 0, file, 0, NULL, NULL, 0);
    int done = real(file);
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

ssize_t write(int file, const void *data, size_t size)
{
    if (!ours(file)) return plainly(file, data, size);
    pthread_mutex_lock(&one_at_a_time);
    off_t at = fcntl(file, F_GETFL) & O_APPEND ? lseek(file, 0, SEEK_END) : lseek(file, 0, SEEK_CUR);
    ssize_t done = plainly(file, data, size);
    if (done > 0) record('w', 0, file, at, NULL, data, done);
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

#define WRITING_AT(name, offset_type) \
    ssize_t name(int file, const void *data, size_t size, offset_type at) \
    { \
        REAL(name); \
        RECORDED(ssize_t, ours(file), real(file, data, size, at), 'w', 0, file, at, NULL, data, done); \
    }
WRITING_AT(pwrite, off_t)
WRITING_AT(pwrite64, off64_t)

#define ON_A_FILE(name, letter, parameters, arguments, at) \
    int name parameters \
    { \
        REAL(name); \
        RECORDED(int, ours(file), real arguments, letter, 0, file, at, NULL, NULL, 0); \
    }
ON_A_FILE(fsync, 's', (int file), (file), 0)
ON_A_FILE(fdatasync, 's', (int file), (file), 0)
ON_A_FILE(ftruncate, 't', (int file, off_t size), (file, size), size)
ON_A_FILE(ftruncate64, 't', (int file, off64_t size), (file, size), size)

#define ON_A_PATH(name, letter, parameters, arguments, data) \
    int name parameters \
    { \
        REAL(name); \
        RECORDED(int, below(path), real arguments, letter, 0, -1, 0, path, data, strlen(data)); \
    }
ON_A_PATH(mkdir, 'm', (const char *path, mode_t mode), (path, mode), "")
ON_A_PATH(unlink, 'u', (const char *path), (path), "")
ON_A_PATH(rename, 'r', (const char *from, const char *path), (from, path), from)
ON_A_PATH(link, 'l', (const char *from, const char *path), (from, path), from)
