internal import NIOConcurrencyHelpers

/// A semaphore for tasks: permits are granted in the order of the requests, and no thread waits.
///
/// With one permit it is a lock that may be held across suspensions. A task that is cancelled while it waits keeps its
/// place and gets its permit: every ``acquire()`` is followed by one ``release()``. Safe from any thread.
package final class AsyncSemaphore: Sendable {
    private let queue: NIOLockedValueBox<PermitQueue>

    package init(permitCount: Int) {
        queue = NIOLockedValueBox(PermitQueue(count: permitCount))
    }

    /// Returns when the caller has a permit.
    package nonisolated(nonsending) func acquire() async {
        if queue.withLockedValue({ $0.acquire() }) { return }
        await withCheckedContinuation { continuation in
            if queue.withLockedValue({ $0.acquire(or: continuation) }) { continuation.resume() }
        }
    }

    /// Releases a permit; the task that waited longest gets it.
    package func release() {
        queue.withLockedValue { $0.release() }?.resume()
    }
}
