extension Duration {
    /// The duration in its two largest units: `0 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `4 d 7 h`.
    ///
    /// A negative duration, for example after a change of the clock, is `0 s`.
    package var text: String {
        let seconds = max(0, components.seconds)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return Self.pair(seconds, 60, "min", 1, "s")
        case ..<86_400: return Self.pair(seconds, 3_600, "h", 60, "min")
        default: return Self.pair(seconds, 86_400, "d", 3_600, "h")
        }
    }

    private static func pair(_ seconds: Int64, _ large: Int64, _ largeName: String, _ small: Int64, _ smallName: String)
        -> String
    {
        let rest = seconds % large / small
        return "\(seconds / large) \(largeName)" + (rest == 0 ? "" : " \(rest) \(smallName)")
    }
}
