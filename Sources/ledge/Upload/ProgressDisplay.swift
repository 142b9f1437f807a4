/// Shows the progress of a transfer: a bar on a terminal, otherwise a line every five seconds.
struct ProgressDisplay {
    private static let barInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(5)

    private let name: String
    private let note: @Sendable (String) -> Void
    private let isTerminal: Bool
    private let start = ContinuousClock.now
    private var progress: TransferProgress
    private var shownAt: Duration?

    /// Creates a display that writes lines with `note` and the bar to the terminal.
    init(name: String, byteCount: Int64, done: Int64, note: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.note = note
        self.isTerminal = Console.isTerminal
        self.progress = TransferProgress(byteCount: byteCount, done: done, at: .zero)
    }

    /// The time since the display was created.
    var elapsed: Duration {
        ContinuousClock.now - start
    }

    mutating func update(done: Int64) {
        let now = elapsed
        progress.update(done: done, at: now)
        guard now - (shownAt ?? .zero) >= (isTerminal ? Self.barInterval : Self.lineInterval) else { return }
        shownAt = now
        if isTerminal {
            Console.overwrite(progress.bar(columnCount: Console.columnCount))
        } else {
            note("\(name): \(progress.text)")
        }
    }

    /// Writes a separate line above the bar.
    mutating func write(_ line: String) {
        clear()
        note(line)
    }

    /// Removes the bar from the screen.
    func clear() {
        if isTerminal && shownAt != nil { Console.overwrite("") }
    }
}
