internal import NIOPosix

/// Runs a read that may take long, or wait for the disk, off Swift's cooperative threads.
package func onThreadPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(work)
}
