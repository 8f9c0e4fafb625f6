#!/bin/bash
# One task a folder of shards. A task that was killed goes on where it was, one that is done is left: submit it again.
#SBATCH --array=0-63
#SBATCH --cpus-per-task=8
#SBATCH --time=02:00:00
set -euo pipefail
part=$(printf 'part-%03d' "$SLURM_ARRAY_TASK_ID")
privscan clean "corpus/$part" -o "clean/$part" --resume --workers "$SLURM_CPUS_PER_TASK" --key-file "$HOME/privscan.key" -q
