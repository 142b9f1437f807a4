extension DocumentationPage {
    /// Two columns, the list of resources and their endpoints; a single column on narrow screens.
    static let style = """
        :root { --ink: #1d2530; --soft: #5b6675; --line: #dfe4ea; --paper: #fff; --shade: #f5f7f9; --link: #0b5cad;
          --read: #0b6e4f; --write: #0b5cad; --remove: #a8201a; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #dde3ea; --soft: #98a4b3; --line: #2e3742; --paper: #14181d; --shade: #1c222a; --link: #7db7f5;
            --read: #5cc9a0; --write: #7db7f5; --remove: #f08a84; } }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body { margin: 0; display: grid; grid-template-columns: 13rem minmax(0, 1fr); color: var(--ink);
          background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
        nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.5rem 1rem; background: var(--shade);
          border-right: 1px solid var(--line); }
        nav ul { list-style: none; margin: 0; padding: 0; }
        nav li a { display: block; padding: .15rem 0; }
        .name { margin: 0 0 1rem; font-weight: 600; }
        main { max-width: 60rem; padding: 1.5rem 2rem 6rem; }
        a { color: var(--link); text-decoration: none; }
        a:hover, a:focus-visible { text-decoration: underline; }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
        h1 { margin: 0 0 1rem; font-size: 1.7rem; }
        h2 { margin: 3rem 0 1rem; padding-bottom: .3rem; font-size: 1.35rem; border-bottom: 1px solid var(--line); }
        h3 { margin: 2.2rem 0 .4rem; font-size: 1rem; font-weight: 600; overflow-wrap: anywhere; }
        h3 a { color: inherit; }
        p { margin: .4rem 0; max-width: 46rem; }
        .access { color: var(--soft); font-size: .9rem; }
        .method { display: inline-block; min-width: 4rem; font-size: .8rem; letter-spacing: .04em; }
        .get { color: var(--read); } .post, .put, .patch { color: var(--write); } .delete { color: var(--remove); }
        code, pre { font-family: ui-monospace, monospace; font-size: .87rem; }
        pre { margin: .6rem 0; padding: .6rem .8rem; overflow-x: auto; background: var(--shade); border-radius: .3rem; }
        table { width: 100%; margin: .6rem 0; border-collapse: collapse; font-size: .92rem; }
        th, td { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; font-weight: 400;
          border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        thead th { color: var(--soft); font-size: .8rem; }
        tbody th { width: 24%; } td:nth-child(2):not(:last-child) { width: 24%; }
        summary { cursor: pointer; color: var(--link); }
        @media (max-width: 45rem) {
          body { display: block; } main { padding: 1rem; }
          nav { position: static; height: auto; border-right: 0; } nav li { display: inline-block; margin-right: 1rem; } }
        """
}
