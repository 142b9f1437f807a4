import Blobs
import Catalog
import Control
import JSON
import Store
import TestSupport
import Trainers

/// A session whose server crashes, and the state that must exist after the next server has continued it.
struct ResumeWorkload: Sendable {
    let roundCount: Int
    let clientCount: Int

    /// What the crashed server had acknowledged.
    struct Promises: Sendable {
        var isStarted = false
    }

    private func fixture(_ disk: FaultDisk) throws -> TrainingFixture {
        try TrainingFixture.open(disk, clients: clientCount, imageCountMax: 3)
    }

    /// Creates a seed and a session, and runs it.
    func run(_ disk: FaultDisk, _ ledger: Ledger<Promises>) async throws {
        let fixture = try fixture(disk)
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": .number(JSONNumber(Int64(roundCount)))])
        var failure: (any Error)?
        do {
            try await fixture.controller.startSession(SessionStart(sessionID: "session", modelNamePrefix: "m"))
            ledger.enter { $0.isStarted = true }
        } catch { failure = error }
        await finish(fixture, disk)
        do { try await fixture.close() } catch { failure = failure ?? error }
        if let failure { throw failure }
    }

    /// Opens the remaining disk, resumes, and checks all documents.
    func verify(_ disk: FaultDisk, _ ledger: Ledger<Promises>) async throws {
        let fixture = try fixture(disk)
        do {
            _ = try await fixture.controller.resume()
            await finish(fixture, disk)
            try await check(fixture, ledger.entries)
        } catch {
            await fixture.controller.shutdown()
            throw error
        }
        try await fixture.close()
    }

    /// Waits until the session has ended.
    ///
    /// On a failing disk, a participant may never report; then the time is advanced.
    private func finish(_ fixture: TrainingFixture, _ disk: FaultDisk) async {
        while fixture.controller.state != .idle {
            await fixture.trainers.untilQuiet()
            if disk.hasFaultFired { fixture.clock.advance(by: .seconds(200)) }
            await Task.yield()
        }
        await fixture.trainers.untilQuiet()
    }

    private func check(_ fixture: TrainingFixture, _ promises: Promises) async throws {
        try await checkPointers(fixture)
        let open = ["CREATED", "PENDING", "RUNNING"]
        let commands = try fixture.documents(.commands)
        try demand(commands.allSatisfy { !open.contains($0.text("status") ?? "") }, "no command is open")
        let rounds = try fixture.documents(.rounds)
        let ends = ["Finished", "Failed", "Terminated"]
        try demand(rounds.allSatisfy { ends.contains($0.text("status") ?? "") }, "no round is open")
        let numbers = rounds.compactMap { $0.text("round_id").flatMap { Int($0) } }
        try demand(numbers == Array(0..<numbers.count).map { $0 + 1 }, "rounds are numbered one by one: \(numbers)")

        guard let session = try fixture.document(.sessions, "session") else {
            return try demand(!promises.isStarted, "a started session exists")
        }
        let runs = try fixture.documents(.runs)
        guard promises.isStarted || !runs.isEmpty else {
            return try demand(session.text("status") == "Created", "a session that has not begun is not running")
        }
        try demand(session.text("status") == "Finished", "it is finished, not \(session.text("status") ?? "")")
        try demand(runs.count == 1 && runs[0].text("completed_at") != nil, "its run is complete")
        let counted = rounds.filter { $0["round_data"]?["interrupted"] == nil }
        try demand(
            counted.count == roundCount,
            "the rounds that were asked for count: \(rounds.map { $0.text("status") ?? "" })"
        )
        let models = try fixture.documents(.models, ("session_id", "session"))
        let finished = rounds.filter { $0.text("status") == "Finished" }
        try demand(models.count == finished.count, "\(finished.count) rounds created \(models.count) models")
        let names = models.indices.map { "m_\($0 + 1)" }
        try demand(models.map { $0.text("name") ?? "" } == names, "models are named in order")
        let last = models.last?.text("model_id") ?? "seed"
        try demand(session.text("session_config.model_id") == last, "the session names its last model")
        try demand(runs[0].text("completed_at_model_id") == last, "the run names its last model")
    }

    /// Every reference leads to an existing document or blob.
    private func checkPointers(_ fixture: TrainingFixture) async throws {
        let models = try fixture.documents(.models)
        let ids = Set(models.compactMap { $0.text("model_id") })
        for model in models {
            let bytes = try await fixture.blobs.content(of: model.text("blob_id") ?? "")
            try demand(Int64(bytes.count) == model.number("file_size"), "the model's bytes are there")
            if let parent = model.text("parent_model") { try demand(ids.contains(parent), "the parent is there") }
        }
        for round in try fixture.documents(.rounds) {
            for entry in round["combiners"]?.array ?? [] where round.text("status") == "Finished" {
                try demand(ids.contains(entry.text("model_id") ?? ""), "a finished round's model is there")
            }
            try demand(
                try fixture.document(.sessions, round.text("round_config.session_id") ?? "") != nil,
                "its session is"
            )
        }
        for resource in [Resource.validations, .metrics] {
            for found in try fixture.documents(resource) {
                try demand(ids.contains(found.text("model_id") ?? ""), "the model of \(resource.name) is there")
            }
        }
        let commands = try fixture.documents(.commands)
        let roots = Set(commands.compactMap { $0.text("correlation_id") })
        for command in commands {
            guard let parent = command.text("parent_correlation_id") else { continue }
            try demand(roots.contains(parent), "a task's command is there")
        }
    }

    private func demand(_ condition: Bool, _ promise: String) throws {
        if !condition { throw BrokenPromise(promise: promise) }
    }
}

struct BrokenPromise: Error, CustomStringConvertible {
    let promise: String
    var description: String { "broken: \(promise)" }
}
