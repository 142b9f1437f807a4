internal import Blobs
internal import Logging
internal import ServiceLifecycle
internal import Store
internal import Tokens

/// Removes, now and then, what nobody will come back for: uploads that were left, and what is known of tokens that have
/// expired anyway.
///
/// The official client leaves uploads behind whenever a request fails: it neither retries nor aborts.
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

    /// What cannot be removed now is removed the next time.
    private func sweepTokens() async {
        guard let authority else { return }
        do {
            while try await authority.sweep() > 0, !Task.isCancelled {}
        } catch {
            logger.warning("expired tokens are still remembered", metadata: ["error": "\(error)"])
        }
    }
}
