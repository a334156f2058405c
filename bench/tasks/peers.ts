/**
 * What peers need for the same jobs by their own documentation: presses of a button (a drag is one) and of keys, the case
 * open already, the shortest way that the page names. `not there`: the page knows no such job. What is not `checked` was counted from knowing
 * the program, and is still to be held against the page.
 */

export interface PeerWay {
  clicks: number;
  keys: number;
  /** Where it is written, and how it is counted. */
  page: string;
  counted: string;
  /** False: counted from knowing the program, and not yet held against the page. */
  checked: boolean;
}
export type PeerCount = PeerWay | 'not there';

const SLICER = 'https://slicer.readthedocs.io/en/latest/user_guide/modules/segmenteditor.html';
const SLICER_SEGMENTATIONS = 'https://slicer.readthedocs.io/en/latest/user_guide/modules/segmentations.html';
const ITK_SNAP = 'http://www.itksnap.org/docs/fullmanual.php';
const ITK_SNAP_KEYS = 'https://github.com/pyushkevich/itksnap/blob/master/ProgramData/HTMLHelp/Shortcuts.html';
const MONAI = 'https://docs.monai.io/projects/label/en/latest/quickstart.html';
const MONAI_STRATEGIES = 'https://docs.monai.io/projects/label/en/latest/modules.html';
const MONAI_REVIEWER =
  'https://github.com/Project-MONAI/MONAILabel/blob/main/plugins/slicer/MONAILabelReviewer/README.md';

export const PEERS: Record<string, Record<'slicer' | 'itksnap' | 'monailabel', PeerCount>> = {
  'draw-kidney': {
    slicer: {
      clicks: 23,
      keys: 2,
      page: SLICER,
      checked: true,
      counted:
        'Add; Draw by its number key; ten times a left drag and a right click that fills; Fill between slices by its key, Initialize, Apply',
    },
    itksnap: {
      clicks: 33,
      keys: 1,
      page: ITK_SNAP,
      checked: false,
      counted:
        'the polygon tool by its key 3; ten times an outline (counted as one drag, the page clicks its corners), a right click that closes it and Accept; interpolation, which the page does not name, by its menu, tool and button',
    },
    monailabel: {
      clicks: 25,
      keys: 2,
      page: MONAI,
      checked: true,
      counted: 'Next Sample; as in Slicer, whose Segment Editor it uses; Submit Label',
    },
  },
  'correct-three-slices': { slicer: 'not there', itksnap: 'not there', monailabel: 'not there' },
  'twenty-cases': {
    slicer: 'not there',
    itksnap: 'not there',
    monailabel: {
      clicks: 40,
      keys: 0,
      page: MONAI_REVIEWER,
      checked: true,
      counted: 'the buttons Approve and Next, twenty times; the page names no keys',
    },
  },
  'open-worst': {
    slicer: 'not there',
    itksnap: 'not there',
    monailabel: {
      clicks: 3,
      keys: 0,
      page: MONAI_STRATEGIES,
      checked: false,
      counted: 'the list of strategies, one that ranks by a criterion in place of the random one, Next Sample',
    },
  },
  'export-accepted': {
    slicer: {
      clicks: 20,
      keys: 0,
      page: SLICER_SEGMENTATIONS,
      checked: true,
      counted: 'four cases, each by itself: Segmentations, Export to files, the folder and its choice, Export',
    },
    itksnap: {
      clicks: 4,
      keys: 4,
      page: ITK_SNAP_KEYS,
      checked: true,
      counted: 'four cases, each by itself: Ctrl-S and the button that ends the dialog, with the name that is offered',
    },
    monailabel: 'not there',
  },
};
