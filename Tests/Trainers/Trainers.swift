package import Blobs
package import Control
internal import JSON
internal import NIOConcurrencyHelpers
package import Store
internal import Weights

/// Participants in the same process that train on real data.
///
/// They take tasks from the controller and report as edge clients do: in any order, from concurrent tasks.
package final class Trainers: Participants {
    private struct State {
        var conducts: [String: Conduct] = [:]
        var offline: Set<String> = []
        var controller: Controller?
        /// The withdrawn tasks with their status.
        var withdrawn: [String: CommandStatus] = [:]
        var assigned: [Assignment] = []
        /// Delayed updates.
        var held: [@Sendable () async -> Void] = []
        var workCount = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var failures: [String] = []
    }

    private let trainers: [String: Trainer]
    private let store: Store
    private let blobs: BlobStore
    /// How long every client waits before it trains, so that a test can intervene.
    private let pause: Duration
    private let state = NIOLockedValueBox(State())

    package init(_ trainers: [Trainer], store: Store, blobs: BlobStore, pause: Duration = .zero) {
        self.pause = pause
        self.trainers = Dictionary(uniqueKeysWithValues: trainers.map { ($0.id, $0) })
        self.store = store
        self.blobs = blobs
    }

    /// Sets the controller that receives their reports.
    package func report(to controller: Controller) {
        state.withLockedValue { $0.controller = controller }
    }

    package func set(_ conduct: Conduct, of client: String) {
        state.withLockedValue { $0.conducts[client] = conduct }
    }

    /// Sets whether a client is online; the test must notify the controller itself.
    package func set(online isOnline: Bool, _ client: String) {
        state.withLockedValue { state in
            if isOnline { state.offline.remove(client) } else { state.offline.insert(client) }
        }
    }

    /// All assigned tasks, in order.
    package var assignments: [Assignment] { state.withLockedValue { $0.assigned } }

    /// The withdrawn tasks with their status.
    package var withdrawals: [String: CommandStatus] { state.withLockedValue { $0.withdrawn } }

    /// The errors of the participants themselves.
    package var failures: [String] { state.withLockedValue { $0.failures } }

    /// Sends every delayed update, and waits until the controller has processed them.
    package func release() async {
        let held = state.withLockedValue { state in
            defer { state.held = [] }
            return state.held
        }
        for send in held { await send() }
    }

    /// Returns when no client is training.
    package func untilQuiet() async {
        await withCheckedContinuation { continuation in
            let isQuiet = state.withLockedValue { state in
                if state.workCount > 0 { state.waiting.append(continuation) }
                return state.workCount == 0
            }
            if isQuiet { continuation.resume() }
        }
    }

    // MARK: Participants

    package func online() async -> [Participant] {
        let offline = state.withLockedValue { $0.offline }
        return trainers.values.filter { !offline.contains($0.id) }.map {
            Participant(id: $0.id, name: $0.name, combiner: "combiner")
        }
    }

    package func assign(_ task: Assignment) async {
        let isStored = (try? store.collection("commands").get(task.correlationID)) != nil
        let conduct = state.withLockedValue { state in
            if !isStored { state.failures.append("\(task.clientID): \(task.type.name) was not stored before") }
            state.assigned.append(task)
            state.workCount += 1
            return state.conducts[task.clientID] ?? .diligent
        }
        Task {
            await work(at: task, conduct)
            let waiting = state.withLockedValue { state in
                state.workCount -= 1
                guard state.workCount == 0 else { return [CheckedContinuation<Void, Never>]() }
                defer { state.waiting = [] }
                return state.waiting
            }
            waiting.forEach { $0.resume() }
        }
    }

    package func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async {
        state.withLockedValue { $0.withdrawn[correlationID] = status }
    }
}

/// Working.
extension Trainers {
    private func work(at task: Assignment, _ conduct: Conduct) async {
        guard let trainer = trainers[task.clientID] else { return }
        do {
            switch task.type {
            case .modelUpdate: try await train(trainer, task, conduct)
            case .validation: try await validate(trainer, task)
            default: await end(task, as: .completed, response: ["echo": .string(task.data)])
            }
        } catch {
            state.withLockedValue { $0.failures.append("\(task.clientID): \(error)") }
        }
    }

    private func train(_ trainer: Trainer, _ task: Assignment, _ conduct: Conduct) async throws {
        guard conduct != .vanishing else { return }
        await end(task, as: .running, isDone: false)
        await say("MODEL_UPDATE", "Model update started.", trainer)
        switch conduct {
        case .failing: return await end(task, as: .failed, response: ["msg": "no such file"])
        case .silent: return await end(task, as: .completed)
        default: break
        }
        if pause > .zero { try await ContinuousClock().sleep(for: pause) }
        let model = try await model(task.modelID ?? "")
        let (network, losses) = try trainer.train(from: model, round: UInt64(task.roundID ?? "") ?? 0)
        let report = try await update(trainer, task, conduct, network)
        for (step, loss) in losses.enumerated() {
            await send(
                .metrics(
                    MetricsReport(
                        clientID: trainer.id,
                        modelID: task.modelID ?? "",
                        sessionID: task.sessionID,
                        roundID: task.roundID,
                        step: step,
                        values: [("loss", loss)]
                    )
                )
            )
        }
        guard conduct != .slow else {
            state.withLockedValue { state in
                state.held.append { [self] in
                    await send(.modelUpdate(report))
                    await end(task, as: .completed)
                }
            }
            return
        }
        await send(.modelUpdate(report))
        if conduct == .repeating { await send(.modelUpdate(report)) }
        await say("MODEL_UPDATE", "Model update completed.", trainer)
        await end(task, as: .completed)
        if conduct == .repeating { await end(task, as: .completed) }
    }

    private func update(
        _ trainer: Trainer,
        _ task: Assignment,
        _ conduct: Conduct,
        _ network: Network
    ) async throws -> ModelUpdateReport {
        var bytes = network.bytes
        var generator = SystemRandomNumberGenerator()
        let narrower = [network.widths[0] / 2] + network.widths.dropFirst()
        if conduct == .misshapen { bytes = Network(narrower, using: &generator).bytes }
        if conduct == .garbled { bytes = Array("no model".utf8) }
        let token = conduct == .lost ? UniqueID.random() : try await upload(bytes)
        let count = conduct == .countless ? .null : JSON.number(JSONNumber(Int64(trainer.training.count)))
        return ModelUpdateReport(
            clientID: trainer.id,
            correlationID: task.correlationID,
            modelUpdateID: UniqueID.random(),
            fileToken: token,
            meta: ["training_metadata": ["num_examples": count]]
        )
    }

    private func validate(_ trainer: Trainer, _ task: Assignment) async throws {
        let model = try await model(task.modelID ?? "")
        await send(
            .validation(
                ValidationReport(
                    clientID: trainer.id,
                    correlationID: task.correlationID,
                    modelID: task.modelID ?? "",
                    sessionID: task.sessionID,
                    data: try trainer.validate(model)
                )
            )
        )
        await end(task, as: .completed)
    }

    /// Reads a model as a client downloads it.
    private func model(_ id: String) async throws -> ModelFile {
        guard let document = try store.collection("models").get(id) else { throw StoreError.notFound(id) }
        let blobID = try JSON(parsing: document.bytes)["blob_id"]?.string ?? ""
        return try ModelFile.open(MemorySource(try await blobs.content(of: blobID)))
    }

    /// Stores a file as a client uploads it, and returns its token.
    private func upload(_ bytes: [UInt8]) async throws -> String {
        try await blobs.upload("update.npz", bytes).token
    }

    private func end(
        _ task: Assignment,
        as status: CommandStatus,
        isDone: Bool = true,
        response: JSON = .null
    ) async {
        await send(
            .activity(
                ActivityReport(
                    clientID: task.clientID,
                    correlationID: task.correlationID,
                    status: status,
                    isDone: isDone,
                    response: response
                )
            )
        )
    }

    private func say(_ type: String, _ text: String, _ trainer: Trainer) async {
        await send(.status(StatusReport(clientID: trainer.id, status: text, logLevel: "INFO", type: type)))
    }

    /// Sends a report; if the controller rejects it, it is lost, as with an unreachable server.
    private func send(_ report: Report) async {
        guard let controller = state.withLockedValue({ $0.controller }) else { return }
        do { try await controller.receive(report) } catch {
            state.withLockedValue { $0.failures.append("\(error)") }
        }
    }
}
