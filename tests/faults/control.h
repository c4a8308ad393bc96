/* Which calls are to fail. The environment variable FAULTS names a file with one rule a line:
 *
 *     <class> <which> <action> <part of the path>
 *
 *     sync 1 EIO .mdb            the first fsync or fdatasync of such a file fails with EIO
 *     write 3+ ENOSPC log/       from the third write on they all do
 *     write 2 short .mdb         the second one writes half of what it was given
 *     dwrite 1 EIO .mdb          the first write through a descriptor opened with O_DSYNC (LMDB's meta page)
 *     statfs 1+ type=0x6969 log  the file system looks like NFS
 *
 * Classes are write, dwrite, sync, allocate, truncate, statfs, rename and unlink. The file is read at every call, so a
 * test can change it while the program runs; the counting begins anew when it has changed. Without the variable, or
 * without the file, nothing fails. */
#ifndef MUSTER_FAULTS_CONTROL_H
#define MUSTER_FAULTS_CONTROL_H

enum call_class {
    CALL_WRITE,
    CALL_WRITE_DURABLE,
    CALL_SYNC,
    CALL_ALLOCATE,
    CALL_TRUNCATE,
    CALL_STATFS,
    CALL_RENAME,
    CALL_UNLINK,
};

enum fault_kind { FAULT_NONE, FAULT_ERRNO, FAULT_SHORT, FAULT_TYPE };

struct fault {
    enum fault_kind kind;
    long value; /* errno, or the file system's type */
};

/* Counts the call and says what is to become of it. */
struct fault fault_of_path(enum call_class class, const char *path);
struct fault fault_of_fd(enum call_class class, int fd);

#endif
