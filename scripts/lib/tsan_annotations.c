// Tells the thread sanitizer what Swift's libraries do out of its sight: the slow paths of `Mutex`, and a
// continuation that was resumed before anybody awaited it.
// Linked into the tests by scripts/sanitize; no shipped program holds it. docs/decisions/0011-thread-sanitizer.md.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

typedef SWIFT void LockSlow(uint32_t, SELF void *);
typedef SWIFT void UnlockSlow(SELF void *);
typedef SWIFT bool TryLockSlow(SELF void *);
typedef struct Context Context;
typedef __attribute__((swiftasynccall)) void Resume(__attribute__((swift_async_context)) Context *);
typedef SWIFT void *ContinuationInit(Context *, uintptr_t flags);

static LockSlow *lock_slow;
static UnlockSlow *unlock_slow;
static TryLockSlow *try_lock_slow;
static ContinuationInit *continuation_init;

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"

__attribute__((constructor)) static void find_originals(void) {
    lock_slow = dlsym(RTLD_NEXT, LOCK_SLOW);
    unlock_slow = dlsym(RTLD_NEXT, UNLOCK_SLOW);
    try_lock_slow = dlsym(RTLD_NEXT, TRY_LOCK_SLOW);
    continuation_init = dlsym(RTLD_NEXT, "swift_continuation_init");
}

// The fast paths are atomic operations on the same address, inlined into our code and therefore seen.

SWIFT void annotated_lock_slow(uint32_t thread, SELF void *handle) __asm__(LOCK_SLOW);
SWIFT void annotated_lock_slow(uint32_t thread, SELF void *handle) {
    lock_slow(thread, handle);
    __tsan_acquire(handle);
}

SWIFT void annotated_unlock_slow(SELF void *handle) __asm__(UNLOCK_SLOW);
SWIFT void annotated_unlock_slow(SELF void *handle) {
    __tsan_release(handle);
    unlock_slow(handle);
}

SWIFT bool annotated_try_lock_slow(SELF void *handle) __asm__(TRY_LOCK_SLOW);
SWIFT bool annotated_try_lock_slow(SELF void *handle) {
    bool locked = try_lock_slow(handle);
    if (locked) __tsan_acquire(handle);
    return locked;
}

// `resume` releases the task. Who awaits later goes on at once, in code that acquires nothing; so every
// continuation is sent through `resume_seen`, which does.

struct Context {
    Context *parent;
    Resume *resume;
};

enum { slots = 8192 };
static struct {
    Context *context;
    Resume *resume;
} waiting[slots];
// Not a pthread mutex: the sanitizer would see that one, and take it for order between its callers.
static atomic_flag is_busy = ATOMIC_FLAG_INIT;

// Finds the slot of `context`, or a free one for NULL; the caller holds `is_busy`.
static unsigned slot_of(Context *context, uintptr_t hash) {
    for (unsigned step = 0; step < slots; step++) {
        unsigned slot = (hash / 16 + step) % slots;
        if (waiting[slot].context == context) return slot;
    }
    fprintf(stderr, "too many continuations: see scripts/lib/tsan_annotations.c\n");
    abort();
}

static void hold(void) {
    while (atomic_flag_test_and_set_explicit(&is_busy, memory_order_acquire)) {}
}

static void let_go(void) { atomic_flag_clear_explicit(&is_busy, memory_order_release); }

void *swift_task_getCurrent(void);

static __attribute__((swiftasynccall)) void resume_seen(__attribute__((swift_async_context)) Context *context) {
    hold();
    unsigned slot = slot_of(context, (uintptr_t)context);
    Resume *resume = waiting[slot].resume;
    waiting[slot].context = NULL;
    let_go();
    context->resume = resume;
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return resume(context);
}

SWIFT void *swift_continuation_init(Context *context, uintptr_t flags) {
    hold();
    unsigned slot = slot_of(NULL, (uintptr_t)context);
    waiting[slot].context = context;
    waiting[slot].resume = context->resume;
    let_go();
    context->resume = resume_seen;
    return continuation_init(context, flags);
}
