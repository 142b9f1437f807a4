internal import Dispatch

/// Runs an asynchronous preparation of a target and waits for it.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) -> Value {
    let semaphore = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var value: Value?
    Task {
        do { value = try await body() } catch { fatalError("the target cannot be prepared: \(error)") }
        semaphore.signal()
    }
    semaphore.wait()
    guard let value else { fatalError("the target was not prepared") }
    return value
}
