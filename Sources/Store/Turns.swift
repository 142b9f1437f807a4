internal import NIOConcurrencyHelpers

/// Lets tasks that write the same id pass one after the other, in the order they came; others never wait.
package final class Turns: Sendable {
    package init() {}

    /// For each id that is being written, who waits for it.
    private let queues = NIOLockedValueBox<[Text: [CheckedContinuation<Void, Never>]]>([:])

    /// Returns when it is the caller's turn.
    ///
    /// It must ``leave(_:)`` afterwards, whatever happens.
    package func enter(_ id: String) async {
        let id = Text(id)
        let isFree = queues.withLockedValue { queues in
            guard queues[id] == nil else { return false }
            queues[id] = []
            return true
        }
        if isFree { return }
        await withCheckedContinuation { continuation in
            let isFree = queues.withLockedValue { queues in
                guard queues[id] != nil else {
                    queues[id] = []
                    return true
                }
                queues[id]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Gives the turn to who waits longest.
    package func leave(_ id: String) {
        let next = queues.withLockedValue { queues -> CheckedContinuation<Void, Never>? in
            let id = Text(id)
            guard queues[id]?.isEmpty == false else {
                queues[id] = nil
                return nil
            }
            return queues[id]?.removeFirst()
        }
        next?.resume()
    }
}
