/// Shows a transfer on standard error: a bar that moves on a terminal, now and then a line in a log.
struct ProgressDisplay {
    private static let barInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(5)

    private let name: String
    private let say: @Sendable (String) -> Void
    private let isWatched: Bool
    private let start = ContinuousClock.now
    private var progress: TransferProgress
    private var shownAt: Duration?

    /// Lines go to `say`; the bar goes to the terminal, if there is one.
    init(name: String, byteCount: Int64, done: Int64, say: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.say = say
        self.isWatched = Console.isWatched
        self.progress = TransferProgress(byteCount: byteCount, done: done, at: .zero)
    }

    /// Since the display was made.
    var elapsed: Duration {
        ContinuousClock.now - start
    }

    mutating func update(done: Int64) {
        let now = elapsed
        progress.update(done: done, at: now)
        guard now - (shownAt ?? .zero) >= (isWatched ? Self.barInterval : Self.lineInterval) else { return }
        shownAt = now
        if isWatched {
            Console.overwrite(progress.bar(columnCount: Console.columnCount))
        } else {
            say("\(name): \(progress.text)")
        }
    }

    /// Writes a line of its own, and lets the bar start again below it.
    mutating func note(_ line: String) {
        clear()
        say(line)
    }

    /// Takes the bar off the screen.
    func clear() {
        if isWatched && shownAt != nil { Console.overwrite("") }
    }
}
