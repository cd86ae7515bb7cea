/* Preloaded into a process: notes, in order, what it asks of the files of one folder, so that a test can replay
 * it up to any point. RECORD_UNDER is the folder, RECORD_TO the record: for each request
 *     kind (1 byte: w write, t truncate, s sync, u unlink), offset, length of the name, length of the data (8 bytes
 *     each, little-endian), name, data. Shared memory (-shm) is left out: no power cut keeps it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;

static void note(char kind, const char *path, uint64_t offset, const void *data, uint64_t length) {
    const char *under = getenv("RECORD_UNDER"), *to = getenv("RECORD_TO");
    size_t prefix = under ? strlen(under) : 0;
    if (!to || !prefix || strncmp(path, under, prefix) || (path[prefix] && path[prefix] != '/')) return;
    const char *name = path[prefix] ? path + prefix + 1 : ".";
    if (strstr(name, "-shm")) return;
    if (record < 0) record = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    uint64_t head[3] = {offset, strlen(name), length};
    size_t size = 1 + sizeof head + head[1] + length;
    char *whole = malloc(size);
    if (record < 0 || !whole) abort();
    whole[0] = kind;
    memcpy(whole + 1, head, sizeof head);
    memcpy(whole + 1 + sizeof head, name, head[1]);
    if (length) memcpy(whole + 1 + sizeof head + head[1], data, length);
    if (syscall(SYS_write, record, whole, size) != (long)size) abort();
    free(whole);
}

static void of(int fd, char kind, uint64_t offset, const void *data, uint64_t length) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || fd == record) return;
    path[n] = 0;
    note(kind, path, offset, data, length);
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define GUARDED(call) \
    pthread_mutex_lock(&one); \
    __auto_type answer = call

#define LEAVE \
    pthread_mutex_unlock(&one); \
    return answer

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    REAL(pwrite64);
    GUARDED(real(fd, data, length, offset));
    if (answer > 0) of(fd, 'w', offset, data, answer);
    LEAVE;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    REAL(pwrite);
    GUARDED(real(fd, data, length, offset));
    if (answer > 0) of(fd, 'w', offset, data, answer);
    LEAVE;
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    GUARDED(real(fd, data, length));
    off_t end = answer > 0 ? lseek(fd, 0, SEEK_CUR) : -1;
    if (end >= 0) of(fd, 'w', end - answer, data, answer);
    LEAVE;
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    GUARDED(real(fd, length));
    if (!answer) of(fd, 't', length, NULL, 0);
    LEAVE;
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    GUARDED(real(fd, length));
    if (!answer) of(fd, 't', length, NULL, 0);
    LEAVE;
}

int fsync(int fd) {
    REAL(fsync);
    GUARDED(real(fd));
    if (!answer) of(fd, 's', 0, NULL, 0);
    LEAVE;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    GUARDED(real(fd));
    if (!answer) of(fd, 's', 0, NULL, 0);
    LEAVE;
}

int unlink(const char *path) {
    REAL(unlink);
    GUARDED(real(path));
    if (!answer) note('u', path, 0, NULL, 0);
    LEAVE;
}
