internal import NIOConcurrencyHelpers

/// A lock for each key, for tasks: those that lock the same key get it in the order of their requests.
///
/// Keys are compared byte by byte. Safe from any thread.
package final class KeyedLock: Sendable {
    /// The keys that are locked.
    private let queues = NIOLockedValueBox<[[UInt8]: PermitQueue]>([:])

    package init() {}

    /// Returns when the caller has the lock of this key, to be unlocked once.
    package func lock(_ key: String) async {
        let key = Array(key.utf8)
        if queues.withLockedValue({ $0[key, default: PermitQueue(count: 1)].acquire() }) { return }
        await withCheckedContinuation { continuation in
            if queues.withLockedValue({ $0[key, default: PermitQueue(count: 1)].acquire(or: continuation) }) {
                continuation.resume()
            }
        }
    }

    /// Unlocks a key; the task that waited longest gets the lock.
    package func unlock(_ key: String) {
        let key = Array(key.utf8)
        let next = queues.withLockedValue { queues -> CheckedContinuation<Void, Never>? in
            let next = queues[key]?.release()
            if queues[key]?.isIdle == true { queues[key] = nil }
            return next
        }
        next?.resume()
    }
}
