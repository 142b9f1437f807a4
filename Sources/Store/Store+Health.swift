internal import Disk
internal import JSON
internal import NIOConcurrencyHelpers
internal import SegmentLog

extension Store {
    /// Returns all problems, the oldest first; empty if there are none.
    ///
    /// Reads no file; callable from any thread.
    package func conditions() -> [HealthCondition] {
        let damaged = collections.values.compactMap(\.damageCondition)
        let found =
            latches + damaged + space.conditions + maintenance.conditions
            + [watch.check(), clock.condition].compactMap(\.self)
        return found.sorted { ($0.since, $0.subject) < ($1.since, $1.subject) }
    }

    /// The subjects of ``conditions()`` that are listed even if they are healthy.
    package var healthSubjects: [String] {
        ["disk", "reserve", StoreClock.subject] + collections.keys.sorted().map { "log \($0)" }
    }

    /// How many bytes can still be written to the disk, without the reserve; nil if the disk cannot be queried.
    package var freeByteCount: Int64? {
        do { return try space.freeByteCount() } catch { return nil }
    }

    private var latches: [HealthCondition] {
        collections.values.compactMap { $0.statistics.latch.map { HealthCondition($0) } }
    }
}

extension DocumentCollection {
    /// The condition of damaged segments; nil if none are known.
    fileprivate var damageCondition: HealthCondition? {
        let (places, since) = foundDamage.withLockedValue { $0 }
        guard !places.isEmpty else { return nil }
        let files = Set(places.map(\.fileName)).sorted()
        let shown = files.prefix(3).joined(separator: ", ") + (files.count > 3 ? " and \(files.count - 3) more" : "")
        return HealthCondition(
            subject: "segments of \(schema.name)",
            reason:
                "\(places.count) \(places.count == 1 ? "place is" : "places are") damaged in \(shown); the rest is served, "
                + "see ledge repair",
            since: since
        )
    }
}

extension Corruption {
    fileprivate var fileName: String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension HealthCondition {
    fileprivate init(_ latch: Latch) {
        self.init(
            subject: latch.subject,
            reason: "it accepts no writes until the server is restarted: \(latch.cause.reason)",
            since: Timestamp(microseconds: latch.sinceMicroseconds)
        )
    }
}

extension DiskSpace {
    /// The conditions of a full disk and of a missing reserve.
    fileprivate var conditions: [HealthCondition] {
        let status = currentStatus
        var found: [HealthCondition] = []
        if let noSpace = status.noSpace {
            let since = Timestamp(microseconds: status.noSpaceMicroseconds)
            found.append(HealthCondition(subject: "disk", reason: "it is full: \(noSpace.reason)", since: since))
        }
        let reason: String? =
            switch status.reserve {
            case .off, .held: nil
            case .inUse: "it is in use for deletions; other writes are refused until it is restored"
            case .missing(let error) where error.isNoSpace:
                "the disk has no space for it; only deletions are accepted"
            case .missing(let error): "it cannot be created: \(error.reason)"
            }
        if let reason {
            let since = Timestamp(microseconds: status.reserveMicroseconds)
            found.append(HealthCondition(subject: "reserve", reason: reason, since: since))
        }
        return found
    }
}
