internal import Blobs
internal import Concurrency
internal import Dispatch
internal import Federation
internal import JSON
internal import NIOConcurrencyHelpers
internal import Weights

/// The built-in aggregators, by the name a session asks for.
enum Aggregation {
    static let all: [any Aggregator] = [FedAvg()]
    static let names = all.map(\.name)

    /// Returns nil for an unknown name, which a session can get only after its start.
    static func named(_ name: String) -> (any Aggregator)? {
        all.first { $0.name == name }
    }
}

/// The mean of a round's updates: a complete upload, not claimed yet.
struct Mean: Sendable {
    /// The token of the upload, which becomes the id of the blob and of the model.
    let id: String
    /// The updates that were averaged.
    let contributions: [Contribution]
    let helper: String
    let loadDuration: Duration
    let averageDuration: Duration
}

/// An update that could not be averaged, with the reason for the network's log.
struct Rejection: Sendable {
    let contribution: Contribution
    let reason: String
}

/// Averages updates, which are blobs, into one stored model; unsuitable updates are left out and reported.
///
/// Memory does not depend on the size of the model: it is a few steps of 512 KiB, plus a frame and an inflater for each
/// update. Blocking and computing steps run on a queue of their own.
struct Averaging: Sendable {
    let aggregator: any Aggregator
    let blobs: BlobStore
    let now: @Sendable () -> Timestamp
    /// The blob of the model that the updates were trained from; they must have its shapes.
    let parentBlobID: String
    /// The format of the model, which updates without a header have too; nil if its helper is unknown.
    let format: WeightsFormat?

    private static let queue = DispatchQueue(label: "ledge.control.averaging", attributes: .concurrent)

    /// The result of averaging; the mean is nil if no update could be averaged, for the given `reason`.
    struct Result: Sendable {
        var mean: Mean?
        var rejections: [Rejection] = []
        var reason = "no update could be averaged"
    }

    /// An open update with its weight.
    private struct Opened: Sendable {
        let contribution: Contribution
        let model: ModelFile
    }

    func run(_ contributions: [Contribution]) async -> Result {
        var result = Result()
        let started = now()
        let parent: ModelFile
        do { parent = try await open(parentBlobID) } catch {
            result.reason = "the model the round began from cannot be read: \(Self.reason(error))"
            return result
        }
        var updates: [Opened] = []
        for contribution in contributions {
            do {
                let model = try await open(contribution.blobID)
                try model.expectShapes(of: parent)
                updates.append(Opened(contribution: contribution, model: model))
            } catch {
                result.rejections.append(Rejection(contribution: contribution, reason: Self.reason(error)))
            }
        }
        if updates.contains(where: { $0.model.hasTypes(of: parent) }) {
            for update in updates where !update.model.hasTypes(of: parent) {
                let reason = "its arrays have other element types than the model"
                result.rejections.append(Rejection(contribution: update.contribution, reason: reason))
            }
            updates.removeAll { !$0.model.hasTypes(of: parent) }
        }
        let loaded = now()
        while !updates.isEmpty {
            do {
                let id = try await store(updates)
                result.mean = Mean(
                    id: id,
                    contributions: updates.map(\.contribution),
                    helper: updates[0].model.format.helper,
                    loadDuration: loaded.duration(since: started),
                    averageDuration: now().duration(since: loaded)
                )
                return result
            } catch WeightsError.update(let place, let error) {
                let update = updates.remove(at: place)
                result.rejections.append(Rejection(contribution: update.contribution, reason: error.message))
            } catch {
                result.reason = "the mean could not be stored: \(Self.reason(error))"
                return result
            }
        }
        return result
    }

    private func open(_ blobID: String) async throws -> ModelFile {
        let reader = try await blobs.open(blobID)
        return try await Self.queue.run { [format] in try ModelFile.open(BlobSource(reader), as: format) }
    }

    /// Computes the mean into an upload, completes it and returns its id.
    private func store(_ updates: [Opened]) async throws -> String {
        let weighted = updates.map { WeightedUpdate($0.model, weight: $0.contribution.exampleCount) }
        // All ids have the same length, so the byte count does not depend on the id.
        let byteCount = try await lay(out: weighted, as: UniqueID.random()).byteCount
        let fileName = "model.\(updates[0].model.format.fileExtension)"
        let intake = try await BlobIntake(fileName: fileName, byteCount: byteCount, blobs: blobs)
        do {
            try await fill(intake, from: lay(out: weighted, as: intake.id).bytes())
            return intake.id
        } catch {
            await intake.abort()
            throw error
        }
    }

    private func fill(_ intake: BlobIntake, from bytes: AggregatedBytes) async throws {
        while let step = try await next(of: bytes) {
            try await intake.take(step)
        }
        _ = try await intake.finish()
    }

    private func lay(out updates: [WeightedUpdate], as id: String) async throws -> AggregatedModel {
        try await Self.queue.run { [aggregator] in try aggregator.aggregate(updates, modelID: id) }
    }

    private func next(of bytes: AggregatedBytes) async throws -> [UInt8]? {
        try await Self.queue.run { try bytes.next() }
    }
}
