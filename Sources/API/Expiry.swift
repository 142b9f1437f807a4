internal import Blobs
internal import Control
internal import Federation
internal import Logging
internal import ServiceLifecycle
internal import Store
internal import Tokens

/// Periodically removes expired uploads, the records of expired tokens, and the models and packages that are not kept.
///
/// The official client abandons an upload when a request fails: it neither retries nor aborts.
struct Expiry: Service {
    let network: FederatedNetwork
    let controller: Controller
    let authority: TokenAuthority?
    let options: ServerOptions
    let logger: Logger

    /// How many documents are deleted in one step.
    private static let stepCount = 100

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let expired = await network.blobs.expireUploads()
                if !expired.isEmpty {
                    logger.info("expired uploads", metadata: ["ids": "\(expired.joined(separator: " "))"])
                }
                await sweepTokens()
                await removeArtifacts()
                do { try await Task.sleep(for: options.expiryInterval) } catch { return }
            }
        }
    }

    /// Removes the records of expired tokens; after a failure, the next run removes the rest.
    private func sweepTokens() async {
        guard let authority else { return }
        do {
            while try await authority.sweep() > 0, !Task.isCancelled {}
        } catch {
            logger.warning(
                "records of expired tokens could not be removed",
                metadata: ["error": "\(logText(of: error))"]
            )
        }
    }

    /// Finishes interrupted removals, then deletes the models and packages that are not kept.
    ///
    /// After a failure, the next run deletes the rest.
    private func removeArtifacts() async {
        do {
            let finished = try await network.publication.finishRemovals()
            if !finished.isEmpty {
                logger.notice("removed files of an interrupted deletion", metadata: ["count": "\(finished.count)"])
            }
            if let retention = options.modelRetention {
                try await repeating("models") {
                    try await controller.deleteModels(beyond: retention, countMax: Self.stepCount)
                }
            }
            if let countMax = options.packageCountMax {
                try await repeating("packages") {
                    try await network.packages.deleteOld(keeping: countMax, countMax: Self.stepCount)
                }
            }
        } catch {
            logger.warning("models or packages could not be deleted", metadata: ["error": "\(logText(of: error))"])
        }
    }

    /// Repeats a step of deletion until nothing is left to delete, and logs what each step has deleted.
    private func repeating(_ name: String, _ step: () async throws -> [String]) async throws {
        while !Task.isCancelled {
            let deleted = try await step()
            guard !deleted.isEmpty else { return }
            logger.info(
                "retention deleted \(deleted.count) \(name)",
                metadata: ["ids": "\(deleted.joined(separator: " "))"]
            )
        }
    }
}
