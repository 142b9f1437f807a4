internal import Blobs
internal import Logging
internal import ServiceLifecycle

/// Removes, now and then, the uploads that nobody went on with.
///
/// The official client leaves them behind whenever a request fails: it neither retries nor aborts.
struct UploadExpiry: Service {
    let blobs: BlobStore
    let interval: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let expired = await blobs.expireUploads()
                if !expired.isEmpty {
                    logger.info("expired uploads", metadata: ["ids": "\(expired.joined(separator: " "))"])
                }
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
    }
}
