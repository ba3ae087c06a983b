/* Preloaded into a process: lets the Nth operation on the files below one folder fail, once or from then on.

   A test arms it through `faults_arm` (ctypes). A process of its own is told by its environment instead: while the
   file FAULTS_SWITCH exists, every write, sync and creation below FAULTS_FOLDER fails as on a full disk.

   A write that finds no room stores its first half, and fails when it is continued, as on a real file system. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, TRUNCATE = 4, CREATE = 8, ENTRY = 16, OPEN = 32, READ = 64 };
enum { ELSEWHERE = 0, BELOW = 1, CUT = 2 };
enum { FILES = 65536 };

static char folder[4096];
static size_t length;
static const char *full; /* the switch */
static int kinds, error, forever;
static long target;
static atomic_long seen, met;
static _Atomic unsigned char files[FILES];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

void faults_arm(const char *below, int which, long nth, int number, int lasting)
{
    kinds = 0;
    strncpy(folder, below, sizeof folder - 1);
    length = strlen(folder);
    target = nth;
    error = number;
    forever = lasting;
    seen = met = 0;
    kinds = which;
}

void faults_disarm(void) { kinds = 0; }
long faults_seen(void) { return seen; }
long faults_met(void) { return met; }

__attribute__((constructor)) static void from_the_environment(void)
{
    full = getenv("FAULTS_SWITCH");
    if (full && getenv("FAULTS_FOLDER"))
        faults_arm(getenv("FAULTS_FOLDER"), WRITE | SYNC | TRUNCATE | CREATE | ENTRY, 0, ENOSPC, 1);
}

static int below(const char *path)
{
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int state_of(int file) { return file >= 0 && file < FILES ? files[file] : ELSEWHERE; }

static int fails(int kind)
{
    if (!(kinds & kind)) return 0;
    if (full) {
        int before = errno, off = faccessat(AT_FDCWD, full, F_OK, 0);
        errno = before;
        if (off) return 0;
    } else {
        long number = ++seen;
        if (forever ? number < target : number != target) return 0;
    }
    met++;
    errno = error;
    return 1;
}

/* How much of a write of `size` bytes is stored: all, or half, or (-1) nothing. */
static ssize_t room(int file, size_t size)
{
    int state = state_of(file);
    if (state == ELSEWHERE || !kinds) return size;
    if (state & CUT) {
        files[file] = BELOW;
        errno = error;
        return -1;
    }
    if (!fails(WRITE)) return size;
    if (size < 2 || (error != ENOSPC && error != EDQUOT)) return -1;
    files[file] = BELOW | CUT;
    return size / 2;
}

static int kind_of(int flags) { return flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC) ? CREATE : OPEN; }

#define OPENING(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        int ours = below(path); \
        if (ours && fails(kind_of(flags))) return -1; \
        int file = real(path, flags, mode); \
        if (file >= 0 && file < FILES) files[file] = ours ? BELOW : ELSEWHERE; \
        return file; \
    }
OPENING(open)
OPENING(open64)

int close(int file)
{
    REAL(close);
    if (file >= 0 && file < FILES) files[file] = ELSEWHERE;
    return real(file);
}

ssize_t write(int file, const void *data, size_t size)
{
    REAL(write);
    ssize_t fits = room(file, size);
    return fits < 0 ? -1 : real(file, data, fits);
}

#define WRITING_AT(name, offset_type) \
    ssize_t name(int file, const void *data, size_t size, offset_type at) \
    { \
        REAL(name); \
        ssize_t fits = room(file, size); \
        return fits < 0 ? -1 : real(file, data, fits, at); \
    }
WRITING_AT(pwrite, off_t)
WRITING_AT(pwrite64, off64_t)

ssize_t read(int file, void *data, size_t size)
{
    REAL(read);
    return state_of(file) && fails(READ) ? -1 : real(file, data, size);
}

#define READING_AT(name, offset_type) \
    ssize_t name(int file, void *data, size_t size, offset_type at) \
    { \
        REAL(name); \
        return state_of(file) && fails(READ) ? -1 : real(file, data, size, at); \
    }
READING_AT(pread, off_t)
READING_AT(pread64, off64_t)

#define ON_A_FILE(name, kind, parameters, arguments) \
    int name parameters \
    { \
        REAL(name); \
        return state_of(file) && fails(kind) ? -1 : real arguments; \
    }
ON_A_FILE(fsync, SYNC, (int file), (file))
ON_A_FILE(fdatasync, SYNC, (int file), (file))
ON_A_FILE(ftruncate, TRUNCATE, (int file, off_t size), (file, size))
ON_A_FILE(ftruncate64, TRUNCATE, (int file, off64_t size), (file, size))

#define ON_A_PATH(name, parameters, arguments) \
    int name parameters \
    { \
        REAL(name); \
        return below(path) && fails(ENTRY) ? -1 : real arguments; \
    }
ON_A_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
ON_A_PATH(unlink, (const char *path), (path))
ON_A_PATH(rename, (const char *from, const char *path), (from, path))
ON_A_PATH(link, (const char *from, const char *path), (from, path))
