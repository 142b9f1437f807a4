package import Dispatch
internal import NIOConcurrencyHelpers

extension DispatchQueue {
    /// Runs a body that blocks or computes on this queue, and suspends the task until it is done.
    ///
    /// So no thread of Swift's own pool waits for a disk or a long computation.
    /// The result travels in a locked box, because TSan does not see that a continuation hands it over.
    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let box = NIOLockedValueBox<Result<Value, Failure>?>(nil)
        await withCheckedContinuation { continuation in
            async {
                let result = Result { () throws(Failure) in try body() }
                box.withLockedValue { $0 = result }
                continuation.resume()
            }
        }
        guard let result = box.withLockedValue({ $0 }) else { preconditionFailure("the body has run") }
        return try result.get()
    }
}
