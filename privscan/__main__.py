"""Makes `python -m privscan` the command, which ends quietly when it is interrupted while it starts."""


def main() -> None:
    """Run the command line."""
    try:
        from privscan.cli import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
