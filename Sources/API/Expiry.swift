internal import Blobs
internal import Logging
internal import ServiceLifecycle
internal import Store
internal import Tokens

/// Periodically removes expired uploads and the records of expired tokens.
///
/// The official client abandons an upload when a request fails: it neither retries nor aborts.
struct Expiry: Service {
    let blobs: BlobStore
    let authority: TokenAuthority?
    let interval: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let expired = await blobs.expireUploads()
                if !expired.isEmpty {
                    logger.info("expired uploads", metadata: ["ids": "\(expired.joined(separator: " "))"])
                }
                await sweepTokens()
                do { try await Task.sleep(for: interval) } catch { return }
            }
        }
    }

    /// Removes the records of expired tokens; after a failure, the next run removes the rest.
    private func sweepTokens() async {
        guard let authority else { return }
        do {
            while try await authority.sweep() > 0, !Task.isCancelled {}
        } catch {
            logger.warning("records of expired tokens could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
