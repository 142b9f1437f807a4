/// A line of progress on standard error; not shown unless it is a terminal.
final class ProgressLine {
    private static let interval = Duration.milliseconds(100)

    private let isShown: Bool
    private var shownAt: ContinuousClock.Instant?

    /// Creates a line; `isQuiet` hides it, for example when results are printed on the same terminal.
    init(isQuiet: Bool = false) {
        isShown = Console.isTerminal && !isQuiet
    }

    /// Replaces the text, at most ten times a second; `text` is evaluated only then.
    func show(_ text: @autoclosure () -> String) {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard shownAt.map({ now - $0 >= Self.interval }) ?? true else { return }
        shownAt = now
        Console.overwrite(text())
    }

    /// Writes a separate line.
    func note(_ line: String) {
        clear()
        Console.note(line)
    }

    /// Removes the line from the screen.
    func clear() {
        if isShown, shownAt != nil { Console.overwrite("") }
        shownAt = nil
    }
}
