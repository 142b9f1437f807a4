/// Free permits, and the tasks that wait for one in the order of their requests: what every semaphore and lock counts.
///
/// It has no lock of its own; its owner keeps it in one, and resumes continuations outside of it.
struct PermitQueue: Sendable {
    private let count: Int
    private var freeCount: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Makes a queue whose `count` permits are all free.
    init(count: Int) {
        precondition(count > 0, "a semaphore without permits is never acquired")
        self.count = count
        freeCount = count
    }

    /// Whether every permit is free, so that no task waits either.
    var isIdle: Bool { freeCount == count }

    /// Takes a permit, and returns false if none is free.
    mutating func acquire() -> Bool {
        guard freeCount > 0 else { return false }
        freeCount -= 1
        return true
    }

    /// Takes a permit; if none is free, adds `continuation` to the waiting tasks and returns false.
    mutating func acquire(or continuation: CheckedContinuation<Void, Never>) -> Bool {
        if acquire() { return true }
        waiting.append(continuation)
        return false
    }

    /// Returns the task that waited longest, which now has the permit; nil if no task waits and the permit is free.
    mutating func release() -> CheckedContinuation<Void, Never>? {
        guard waiting.isEmpty else { return waiting.removeFirst() }
        precondition(freeCount < count, "a permit is released once")
        freeCount += 1
        return nil
    }
}
